import { statSync } from "node:fs";
import type { ConfigProblem } from "../config/config-error.ts";
import type { SecretBundle } from "./bundle.ts";
import { readBundle } from "./read-bundle.ts";
import { type SecretPlaces, seeFiles } from "./secret-places.ts";

/** What an operator wants to know of secrets before the service starts. Names places, never values. */
export interface SecretsCheck {
  /** Titles of the bundles that are set and can be used. */
  readonly usable: readonly string[];
  readonly problems: readonly ConfigProblem[];
  readonly warnings: readonly ConfigProblem[];
}

/** Reads every bundle as the service would. */
export function checkSecrets(bundles: readonly SecretBundle<unknown>[], places: SecretPlaces): SecretsCheck {
  const readings = bundles.map((bundle) => ({ bundle, ...readBundle(bundle, places, seeFiles(bundle, places)) }));
  return {
    usable: readings.filter(({ contents }) => contents !== null).map(({ bundle }) => bundle.title),
    problems: [...folderProblems(places.folder), ...readings.flatMap(({ problems }) => problems)],
    warnings: readings.flatMap(({ warnings }) => warnings),
  };
}

/** For the service it is no error: the folder may be mounted later. */
function folderProblems(folder: string | null): ConfigProblem[] {
  if (folder === null || statSync(folder, { throwIfNoEntry: false })?.isDirectory() === true) {
    return [];
  }
  return [{ key: null, source: folder, message: "is no folder, though a setting names it as that of secrets" }];
}
