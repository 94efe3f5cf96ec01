import type { HeapProfiler } from "node:inspector";

/** A function that allocated. */
export interface AllocationSite {
  readonly name: string;
  /** File and line. */
  readonly place: string;
  readonly bytes: number;
}

/** Every function of a profile of the heap with what it allocated itself, whoever called it. */
export function allocationSites({ head }: HeapProfiler.SamplingHeapProfile): AllocationSite[] {
  const sites: AllocationSite[] = [];
  const waiting = [head];
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    const { functionName, url, lineNumber } = node.callFrame;
    if (node.selfSize > 0) {
      sites.push({
        name: functionName === "" ? "(anonymous)" : functionName,
        place: url === "" ? "native" : `${withoutFolders(url)}:${lineNumber + 1}`,
        bytes: node.selfSize,
      });
    }
    waiting.push(...node.children);
  }
  return sites;
}

/** Where a file lies in this project or in its dependencies, wherever those are: nobody needs the machine's folders. */
function withoutFolders(url: string): string {
  const dependency = url.lastIndexOf("node_modules/");
  if (dependency !== -1) {
    return url.slice(dependency);
  }
  return url.startsWith(projectUrl) ? url.slice(projectUrl.length) : url;
}

const projectUrl = new URL("../../../", import.meta.url).href;
