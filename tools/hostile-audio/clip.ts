import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** A spoken sentence of 1.8 s in every format: the healthy files that the hostile ones are made from. */
export const clipsFolder = join(import.meta.dirname, "clips");

/** @param name File name in `clips/`. */
export function clip(name: string): Buffer {
  return readFileSync(join(clipsFolder, name));
}

/** Names of all clips, in a fixed order. */
export function clipNames(): string[] {
  return readdirSync(clipsFolder)
    .filter((name) => !name.endsWith(".md"))
    .toSorted();
}
