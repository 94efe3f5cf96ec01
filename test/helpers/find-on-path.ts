import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

/** The path of an optional program; null where it is not installed. */
export function findOnPath(name: string): string | null {
  const paths = (process.env["PATH"] ?? "").split(delimiter).map((folder) => join(folder, name));
  return paths.find(isExecutable) ?? null;
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
