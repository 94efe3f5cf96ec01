import { basename } from "node:path";

/**
 * What processes say of a failure names files of the machine, which are nobody's business: their folders are left out.
 * @param folder that the text is likely to name: found whatever characters it has, where others end at a space.
 */
export function withoutPaths(text: string, folder?: string): string {
  const known = folder === undefined ? text : text.replaceAll(`${folder}/`, "").replaceAll(folder, basename(folder));
  return known.replaceAll(/(?<![\w./])(?:file:\/\/)?\/(?:[^\s/'"`,;:()]+\/)*([^\s/'"`,;:()]*)/g, "$1");
}
