import { expect, test } from "vitest";
import { report } from "../../../../tools/gpu-bench/report.ts";

const document = {
  benchmark: "gpu-encoder",
  startedAt: "2026-11-22T00:00:00.000Z",
  machine: { cpu: "some CPU" },
  options: { folder: "/w", speech: null },
  tables: [{ title: "Audio encoder", columns: ["", "s"], rows: [["1", "0.1"]] }],
  notes: ["Computed on a GPU."],
  failures: ["it is wrong"],
};

test("what is missing stands before the figures, and what makes them worthless beside them", () => {
  const page = report([
    { name: "encoder", document },
    { name: "file", missing: "it was cut off" },
  ]);
  expect(page.indexOf("- `file`: it was cut off")).toBeLessThan(page.indexOf("## encoder"));
  expect(page).toContain("**INVALID: it is wrong**");
  expect(page).toContain("`npm run bench -- gpu-encoder --folder /w`");
  expect(page).toContain("Audio encoder\n");
  expect(page).toContain("- Computed on a GPU.");
});

test("without any figure the page still says so", () => {
  expect(report([{ name: "file", missing: "it was not begun" }])).toContain("Not measured:\n\n- `file`");
});
