import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

interface Manifest {
  readonly name: string;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/**
 * `npm sbom` of the production dependencies, as JSON.
 *
 * `npm sbom --omit=dev` drops more than it says: every package that a development dependency needs too, such as
 * onnxruntime-node and zod; and without `--omit` it refuses a tree from which development dependencies are absent. So
 * it is shown a project that has none: the same manifest without them, and the lock file pruned to match, without the network.
 * @throws Error when npm fails, such as when the lock file does not hold what the manifest asks for.
 */
export function billOfMaterials(projectFolder: string, { withOptional }: { readonly withOptional: boolean }): string {
  const { devDependencies: _, optionalDependencies, ...manifest } = readManifest(projectFolder);
  const temporary = mkdtempSync(join(tmpdir(), "sbom-"));
  try {
    // npm names the bill after the folder.
    const folder = join(temporary, manifest.name);
    mkdirSync(folder);
    const production = withOptional ? { ...manifest, optionalDependencies } : manifest;
    writeFileSync(join(folder, "package.json"), JSON.stringify(production));
    copyFileSync(join(projectFolder, "package-lock.json"), join(folder, "package-lock.json"));
    npm(folder, ["install", "--package-lock-only", "--ignore-scripts", "--offline"]);
    return npm(folder, ["sbom", "--package-lock-only", "--sbom-type=application", "--sbom-format=cyclonedx"]);
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function readManifest(projectFolder: string): Manifest {
  return JSON.parse(readFileSync(join(projectFolder, "package.json"), "utf8")) as Manifest;
}

function npm(cwd: string, args: readonly string[]): string {
  return execFileSync("npm", args, {
    cwd,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
    stdio: ["ignore", "pipe", "inherit"],
  });
}
