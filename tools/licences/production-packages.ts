import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { z } from "zod";

/** A package that is installed for production. */
export interface ProductionPackage {
  readonly name: string;
  readonly version: string;
  /** What its manifest says, unparsed; null when it says nothing. */
  readonly declaredLicence: string | null;
  /** Relative to the project: one name can be there in several versions. */
  readonly folder: string;
  /** Whether the service runs without it: every way to it leads through an optional dependency of the project. */
  readonly isOptional: boolean;
}

const dependenciesSchema = z.record(z.string(), z.string()).default({});

const manifestSchema = z.object({
  name: z.string().default(""),
  version: z.string().default(""),
  // Old packages name several in an array; an SPDX expression is what counts.
  license: z.unknown().optional(),
  dependencies: dependenciesSchema,
  optionalDependencies: dependenciesSchema,
  peerDependencies: dependenciesSchema,
  peerDependenciesMeta: z.record(z.string(), z.object({ optional: z.boolean().default(false) })).default({}),
});

type Manifest = z.infer<typeof manifestSchema>;

/**
 * What `npm ci` installed below the project for production, found as Node finds it: from `node_modules` to
 * `node_modules` upwards. Development dependencies and what only they need are left out.
 * @throws Error when a package is missing that is not optional.
 */
export function productionPackages(projectFolder: string): ProductionPackage[] {
  const found = new Map<string, ProductionPackage>();
  const manifest = readManifest(projectFolder);
  // What the service cannot do without comes first, so that a package on both ways counts as required.
  walk(projectFolder, { ...manifest, optionalDependencies: {} }, false);
  walk(projectFolder, { ...manifest, dependencies: {}, peerDependencies: {} }, true);
  return [...found.values()].toSorted((a, b) => (a.folder < b.folder ? -1 : 1));

  function walk(folder: string, needs: Manifest, isOptional: boolean): void {
    for (const [name, isMissable] of neededBy(needs)) {
      const installed = findInstalled(name, folder);
      if (installed !== null) {
        visit(installed, isOptional);
      } else if (!isMissable) {
        throw new Error(`${name}, which ${needs.name} needs, is not installed: run npm ci`);
      }
    }
  }

  function visit(folder: string, isOptional: boolean): void {
    if (found.has(folder)) {
      return;
    }
    const needs = readManifest(folder);
    const { name, version, license } = needs;
    const declaredLicence = typeof license === "string" ? license : null;
    found.set(folder, {
      name,
      version,
      declaredLicence,
      folder: relative(projectFolder, folder),
      isOptional,
    });
    walk(folder, needs, isOptional);
  }
}

/** The names of a package's dependencies, each with whether it may be missing: builds for other systems are. */
function neededBy(needs: Manifest): Map<string, boolean> {
  const { dependencies, optionalDependencies, peerDependencies, peerDependenciesMeta } = needs;
  return new Map([
    ...Object.keys(peerDependencies).map((name) => [name, peerDependenciesMeta[name]?.optional === true] as const),
    ...Object.keys(dependencies).map((name) => [name, false] as const),
    // npm repeats these under `dependencies` when it installs them.
    ...Object.keys(optionalDependencies).map((name) => [name, true] as const),
  ]);
}

function findInstalled(name: string, folder: string): string | null {
  const candidate = join(folder, "node_modules", name);
  if (existsSync(join(candidate, "package.json"))) {
    return candidate;
  }
  const parent = dirname(folder);
  return parent === folder ? null : findInstalled(name, parent);
}

function readManifest(folder: string): Manifest {
  return manifestSchema.parse(JSON.parse(readFileSync(join(folder, "package.json"), "utf8")));
}
