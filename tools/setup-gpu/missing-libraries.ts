import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { runCommand } from "./run-command.ts";

/** Users who are not root often lack the second on their path. */
const ldconfigs = ["ldconfig", "/sbin/ldconfig"];

/**
 * Of these libraries, those that the dynamic linker finds neither in its cache nor in the folders of `LD_LIBRARY_PATH`.
 * @param libraryPath as `LD_LIBRARY_PATH` has it.
 */
export async function missingLibraries(names: readonly string[], libraryPath: string): Promise<readonly string[]> {
  const known = namesInCache(await readCache());
  const folders = libraryPath.split(delimiter).filter((folder) => folder !== "");
  return names.filter((name) => !known.has(name) && !folders.some((folder) => existsSync(join(folder, name))));
}

/** The names of the libraries for this machine that `ldconfig -p` lists. */
export function namesInCache(listing: string): ReadonlySet<string> {
  const lines = listing.matchAll(/^\s+(\S+) \(([^)]*)\) => /gm);
  return new Set([...lines].filter(([, , kind]) => kind?.includes("x86-64")).map(([, name]) => `${name}`));
}

async function readCache(): Promise<string> {
  for (const ldconfig of ldconfigs) {
    const end = await runCommand(ldconfig, ["-p"]);
    if (end?.exitCode === 0) {
      return end.output;
    }
  }
  return "";
}
