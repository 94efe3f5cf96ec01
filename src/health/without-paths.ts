/** What processes say of a failure names files of the machine, which are nobody's business: their folders are left out. */
export function withoutPaths(text: string): string {
  return text.replaceAll(/(?<![\w./])(?:file:\/\/)?\/(?:[^\s/'"`,;:()]+\/)*([^\s/'"`,;:()]*)/g, "$1");
}
