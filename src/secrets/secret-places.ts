import { type BigIntStats, readlinkSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { systemErrorCode } from "../system-error-code.ts";
import type { SecretBundle, SecretField } from "./bundle.ts";
import type { SecretVariables } from "./secret-variables.ts";

/** Where secrets may be. */
export interface SecretPlaces {
  /** Absolute path of a folder with a file for each secret, as Docker and Kubernetes mount it; null for none. */
  readonly folder: string | null;
  /** Absolute paths of files that lie elsewhere, by the name that they would have in the folder. */
  readonly files: Readonly<Record<string, string>>;
  readonly variables: SecretVariables;
}

/** How the files of a bundle looked at one moment. Nothing was read. */
export interface Sight {
  /** Absolute paths by the names of the fields, past the link that Kubernetes swaps. */
  readonly paths: ReadonlyMap<string, string>;
  /** Differs when a file was written, replaced, removed or made again. */
  readonly stamp: string;
  /** Differs when a file was made anew, and not only written. */
  readonly identity: string;
  /** When the newest of the files was written, in milliseconds of Unix time; null when there is none. */
  readonly writtenAt: number | null;
}

/** Kubernetes swaps this link to a new folder with all files, in one step. */
const swappedLink = "..data";

/** Looks at the files of a bundle without opening them. */
export function seeFiles(bundle: SecretBundle<unknown>, places: SecretPlaces): Sight {
  const folder = places.folder === null ? null : currentFolder(places.folder);
  const paths = new Map<string, string>();
  for (const field of bundle.fields) {
    const path = places.files[field.file] ?? (folder === null ? null : join(folder, field.file));
    if (path !== null) {
      paths.set(field.name, path);
    }
  }
  const facts = [...paths.values()].map((path) => ({ path, facts: factsOf(path) }));
  return {
    paths,
    stamp: facts.map(({ path, facts: each }) => `${path}:${stampOf(each)}`).join("\n"),
    identity: facts.map(({ path, facts: each }) => `${path}:${identityOf(each)}`).join("\n"),
    writtenAt: newestOf(facts.flatMap(({ facts: each }) => (typeof each === "string" ? [] : [Number(each.mtimeMs)]))),
  };
}

/** Every folder in which something changes when a secret does. */
export function foldersToWatch({ folder, files }: SecretPlaces): string[] {
  const folders = [...(folder === null ? [] : [folder]), ...Object.values(files).map((file) => dirname(file))];
  return [...new Set(folders)];
}

/** What a person would call the place of a field: its file if there is one, or else its variable. */
export function placeOf(field: SecretField, sight: Sight): string {
  const path = sight.paths.get(field.name);
  return path === undefined ? field.variable : `${path} or ${field.variable}`;
}

/** Files read past the link are all of one version, even if the link is swapped meanwhile. */
function currentFolder(folder: string): string {
  try {
    return resolve(folder, readlinkSync(join(folder, swappedLink)));
  } catch {
    // No such link: the folder holds the files itself. If it is not there either, no file in it is.
    return folder;
  }
}

function newestOf(times: readonly number[]): number | null {
  return times.length === 0 ? null : Math.max(...times);
}

function factsOf(path: string): BigIntStats | string {
  try {
    return statSync(path, { bigint: true });
  } catch (error) {
    return systemErrorCode(error);
  }
}

function stampOf(facts: BigIntStats | string): string {
  return typeof facts === "string"
    ? facts
    : [facts.dev, facts.ino, facts.size, facts.mode, facts.mtimeNs, facts.ctimeNs].join(":");
}

function identityOf(facts: BigIntStats | string): string {
  return typeof facts === "string" ? facts : `${facts.dev}:${facts.ino}`;
}
