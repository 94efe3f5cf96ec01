import { expect, test } from "vitest";
import { addLayers, layersOf } from "../../../../tools/profile/analysis/layers.ts";
import type { Profile } from "../../../../tools/profile/analysis/profile.ts";
import { type TraceEvent, traceEvents } from "../../../../tools/profile/analysis/trace.ts";
import type { ProcessRecording, StageRecord } from "../../../../tools/profile/recording/recording.ts";

const requestId = "name-of-a-client";

function recording(pid: number): ProcessRecording {
  const callFrame = { functionName: "(root)", scriptId: "0", url: "", lineNumber: 0, columnNumber: 0 };
  return {
    pid,
    heap: { head: { callFrame, selfSize: 0, children: [] } },
    collections: [{ kind: "minor", startMs: 1_020, endMs: 1_021 }],
    residentBytes: { before: 1, after: 2, highest: 3 },
    loopDelayMs: { p50: 1, p99: 2, max: 3 },
  };
}

function stage(name: StageRecord["stage"], startMs: number, endMs: number): StageRecord {
  return { requestId, stage: name, windows: 1, startMs, endMs };
}

/** One upload of two windows, of which the second waits while the first runs. */
const profile: Profile = {
  window: { startMs: 1_000, endMs: 1_100 },
  api: {
    ...recording(10),
    requests: [
      { requestId: "before", route: "/v1/transcribe", status: 200, inputLength: null, startMs: 900, endMs: 999 },
      { requestId, route: "/v1/transcribe", status: 200, inputLength: null, startMs: 1_001, endMs: 1_090 },
    ],
    stages: [
      stage("preprocess", 1_002, 1_050),
      stage("queue", 1_010, 1_011),
      stage("inference", 1_011, 1_040),
      stage("queue", 1_020, 1_040),
      stage("inference", 1_040, 1_080),
    ],
    batches: [
      { pid: 20, windows: 1, longest: 300, startMs: 1_011, endMs: 1_040 },
      { pid: 20, windows: 1, longest: 300, startMs: 1_040, endMs: 1_080 },
    ],
    audio: [
      { requestId, startMs: 1_002, endMs: 1_050, audioMs: 3_000, decodeMs: 5, voiceActivityMs: 4, featuresMs: 3 },
    ],
  },
  inference: [
    {
      recording: {
        ...recording(20),
        model: "whisper-base",
        runs: [
          { startMs: 1_012, endMs: 1_038 },
          { startMs: 1_042, endMs: 1_078 },
        ],
        sessions: [],
      },
      graphs: [
        {
          graph: "onnx/encoder_model.onnx",
          calls: [
            { startMs: 950, endMs: 960 },
            { startMs: 1_013, endMs: 1_037 },
          ],
          runs: [
            { startMs: 951, endMs: 959 },
            { startMs: 1_015, endMs: 1_035 },
          ],
          nodes: [
            {
              node: "MatMul_1",
              operator: "MatMul",
              executionProvider: "CPUExecutionProvider",
              startMs: 1_016,
              endMs: 1_034,
              selfMs: 18,
              outputBytes: 64,
              outputs: [{ float: [1, 4] }],
              arenaBytes: 1_024,
            },
          ],
          clockErrorMs: 0.1,
          isCutOff: false,
        },
      ],
    },
  ],
};

const events = traceEvents(profile);

test("rows have the names of their processes", () => {
  const names = events.filter(({ name }) => name === "process_name").map(({ pid, args }) => [pid, args?.["name"]]);
  expect(names).toEqual([
    [10, "API"],
    [1, "audio processes"],
    [20, "inference: whisper-base"],
  ]);
});

test("slices of one row nest, each beginning has its end, and stages lie in their request", () => {
  const rows = Map.groupBy(
    events.filter(({ ph }) => ph === "b" || ph === "e"),
    ({ pid, id }) => `${pid} ${id}`,
  );
  expect([...rows.keys()]).toEqual(
    expect.arrayContaining(["10 request 1", "10 request 1, row 2", "10 batch 1", "20 run 1 of 20"]),
  );
  for (const row of rows.values()) {
    expectNested(row);
  }
  const stages = events.filter(({ cat, ph, name }) => cat === "request" && ph === "b" && !name.startsWith("POST"));
  expect(stages.map(({ name }) => name).toSorted()).toEqual(["inference", "inference", "preprocess", "queue", "queue"]);
});

test("times are microseconds from the window's beginning, and what lies before it is left out", () => {
  const request = events.filter(({ name }) => name === "POST /v1/transcribe");
  expect(request.map(({ ph, ts }) => [ph, ts])).toEqual([
    ["b", 1_000],
    ["e", 90_000],
  ]);
  expect(events.filter(({ ph }) => ph === "X").every(({ ts, dur = 0 }) => ts >= 0 && ts + dur <= 100_000)).toBe(true);
  expect(events.filter(({ name }) => name === "model_run")).toMatchObject([{ pid: 20, ts: 15_000, dur: 20_000 }]);
  expect(events.find(({ cat }) => cat === "operator")).toMatchObject({
    name: "MatMul",
    ts: 16_000,
    dur: 18_000,
    args: { node: "MatMul_1", outputs: [{ float: [1, 4] }] },
  });
});

test("what is under way when the window begins is cut off there, and what is inside of it stays inside", () => {
  const [first] = profile.inference;
  const graph = first?.graphs[0];
  const [node] = graph?.nodes ?? [];
  const under = traceEvents({
    ...profile,
    inference: [
      {
        recording: { ...first!.recording, runs: [{ startMs: 990, endMs: 1_008 }] },
        graphs: [
          {
            ...graph!,
            calls: [{ startMs: 991, endMs: 1_007 }],
            runs: [{ startMs: 992, endMs: 1_006 }],
            nodes: [{ ...node!, startMs: 1_001, endMs: 1_005 }],
          },
        ],
      },
    ],
  });
  expect(under.filter(({ cat }) => cat === "run").map(({ ph, ts }) => [ph, ts])).toEqual([
    ["b", 0],
    ["e", 8_000],
  ]);
  const slices = under.filter(({ cat }) => ["call", "session", "operator"].includes(cat));
  expect(slices.map(({ cat, ts, dur }) => [cat, ts, dur])).toEqual([
    ["call", 0, 7_000],
    ["session", 0, 6_000],
    ["operator", 1_000, 4_000],
  ]);
});

test("nothing that a client sent is in the trace", () => {
  expect(JSON.stringify(events)).not.toContain(requestId);
});

test("the time of batches is divided among those who worked on them, without a rest", () => {
  const layers = profile.inference.map((each) =>
    layersOf(each.recording, each.graphs, profile.api.batches, profile.window),
  );
  expect(addLayers(layers)).toEqual({ pipeMs: 7, pluginMs: 38, bindingMs: 4, runtimeMs: 2, operatorsMs: 18 });
});

/** Slices that begin within another one end within it. */
function expectNested(row: readonly TraceEvent[]): void {
  const sorted = row.toSorted((one, other) => one.ts - other.ts || row.indexOf(one) - row.indexOf(other));
  const open: string[] = [];
  for (const { ph, name } of sorted) {
    if (ph === "b") {
      open.push(name);
    } else {
      expect(open.pop()).toBe(name);
    }
  }
  expect(open).toEqual([]);
}
