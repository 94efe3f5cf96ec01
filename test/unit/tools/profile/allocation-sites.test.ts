import type { HeapProfiler } from "node:inspector";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { projectRoot } from "../../../../bench/project.ts";
import { allocationSites } from "../../../../tools/profile/analysis/allocation-sites.ts";

const root = pathToFileURL(projectRoot).href;

function node(
  functionName: string,
  url: string,
  selfSize: number,
  ...children: HeapProfiler.SamplingHeapProfileNode[]
): HeapProfiler.SamplingHeapProfileNode {
  return { callFrame: { functionName, scriptId: "1", url, lineNumber: 9, columnNumber: 0 }, selfSize, children };
}

test("every function has what it allocated itself, and its place without the folders of the machine", () => {
  const head = node(
    "(root)",
    "",
    0,
    node("classify", `${root}src/tasks/classify.ts`, 100, node("", "node:internal/timers", 20)),
    node("parse", "file:///elsewhere/node_modules/zod/v4/core/parse.js", 3),
    node("(V8 API)", "", 4),
  );
  expect(allocationSites({ head }).toSorted((one, other) => other.bytes - one.bytes)).toEqual([
    { name: "classify", place: "src/tasks/classify.ts:10", bytes: 100 },
    { name: "(anonymous)", place: "node:internal/timers:10", bytes: 20 },
    { name: "(V8 API)", place: "native", bytes: 4 },
    { name: "parse", place: "node_modules/zod/v4/core/parse.js:10", bytes: 3 },
  ]);
});
