import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { readOrtProfile } from "../../../../tools/profile/analysis/ort-profile.ts";
import { TemporaryFolder } from "../../../helpers/temporary-folder.ts";

const args = { op_name: "MatMul", provider: "CPUExecutionProvider", output_size: "64", mem_arena_held: "1024" };
const events = [
  { cat: "Session", name: "model_loading_uri", ts: 2, dur: 500, ph: "X", args: {} },
  { cat: "Node", name: "If_1_kernel_time", ts: 1_100, dur: 800, ph: "X", args: { ...args, op_name: "If" } },
  { cat: "Node", name: "MatMul_2_kernel_time", ts: 1_200, dur: 300, ph: "X", args },
  { cat: "Session", name: "SequentialExecutor::Execute", ts: 1_050, dur: 900, ph: "X", args: {} },
  { cat: "Session", name: "model_run", ts: 1_000, dur: 1_000, ph: "X", args: {} },
];

function record(calls: { startMs: number; endMs: number }[], text: string | null) {
  const folder = new TemporaryFolder();
  onTestFinished(() => folder[Symbol.dispose]());
  if (text !== null) {
    folder.write("graph-1-0_2026-01-01_00-00-00_000.json", text);
  }
  return { graph: "onnx/model.onnx", profilePrefix: join(folder.path, "graph-1-0"), calls };
}

test("operators get the machine's clock, and their time without the graphs inside of them", () => {
  const call = { startMs: 500, endMs: 501.5 };
  const profile = readOrtProfile(record([call], JSON.stringify(events)));
  expect(profile).toMatchObject({ graph: "onnx/model.onnx", calls: [call], clockErrorMs: 0.25, isCutOff: false });
  expect(profile.runs).toEqual([{ startMs: 500.25, endMs: 501.25 }]);
  expect(profile.nodes).toEqual([
    expect.objectContaining({
      node: "If_1",
      operator: "If",
      selfMs: expect.closeTo(0.5),
      startMs: expect.closeTo(500.35),
    }),
    expect.objectContaining({ node: "MatMul_2", operator: "MatMul", selfMs: expect.closeTo(0.3), arenaBytes: 1024 }),
  ]);
});

test("a profile that ends before the calls do says so", () => {
  const calls = [
    { startMs: 500, endMs: 501.5 },
    { startMs: 600, endMs: 601.5 },
  ];
  expect(readOrtProfile(record(calls, JSON.stringify(events))).isCutOff).toBe(true);
});

test("a profile that was cut off in the middle, or that is missing, is refused", () => {
  const calls = [{ startMs: 500, endMs: 501.5 }];
  expect(() => readOrtProfile(record(calls, JSON.stringify(events).slice(0, 200)))).toThrow(
    "is incomplete or too large",
  );
  expect(() => readOrtProfile(record(calls, null))).toThrow("ONNX Runtime wrote no profile");
});
