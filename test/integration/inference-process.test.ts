import { execFile, execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { getPriority } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import { ProcessExitedError, RunFailedError, type RunWindows } from "../../src/processes/inference-process.ts";
import type { TextWindowInput } from "../../src/processes/protocol.ts";
import { startFixture, startInference, textWindow } from "../helpers/fixture-process.ts";
import { loadMessage } from "../helpers/load-message.ts";
import { logitsOf } from "../helpers/logits-of.ts";
import { environmentNames, isAlive, niceValue, waitUntil } from "../helpers/process-facts.ts";

/** Longer than any run here takes on a busy machine. */
const patienceMs = 60_000;

test("the real inference process loads its model, warms it up, says where it runs, and gives logits", async () => {
  const process = startInference();
  expect(process.isReady).toBe(false);
  expect(await process.ready).toBe("cpu");
  expect(process.isReady).toBe(true);
  const { outputs, inferenceMs } = await process.run([textWindow(5, 33, 6), textWindow(5, 33, 9, 6)], patienceMs);
  expect(outputs.map((output) => logitsOf(output).length)).toEqual([2, 2]);
  expect(outputs.every((output) => logitsOf(output).every(Number.isFinite))).toBe(true);
  expect(inferenceMs).toBeGreaterThan(0);
});

test("a token that the model does not know fails its run and leaves the process sound", async () => {
  const process = startInference();
  await process.ready;
  await expect(process.run([textWindow(5, 1_000_000, 6)], patienceMs)).rejects.toThrow(RunFailedError);
  expect((await process.run([textWindow(5, 33, 6)], patienceMs)).outputs).toHaveLength(1);
});

test("answers belong to their runs, also when several are under way", async () => {
  const process = startFixture("echo");
  await process.ready;
  const results = await Promise.all([1, 2, 3].map((token) => process.run([textWindow(token)], patienceMs)));
  expect(results.map(({ outputs }) => [...logitsOf(outputs[0])])).toEqual([[1], [2], [3]]);
});

test("a run that fails in a sound process says so, and the process goes on", async () => {
  const process = startFixture("fails-to-run");
  await process.ready;
  await expect(process.run([textWindow(1)], patienceMs)).rejects.toThrow(
    new RunFailedError("the graph refused", "other"),
  );
  expect(process.isReady).toBe(true);
});

test("a run for which ONNX Runtime has no memory is told as that, and the process computes on", async () => {
  const process = startInference();
  await process.ready;
  await process.run(windows(1), patienceMs);
  // The weights and the small run have their memory already. 4,000 windows want 700 MB for their embeddings alone.
  execFileSync("prlimit", ["--pid", String(process.pid), `--data=${900 * 1024 * 1024}`]);
  await expect(process.run(windows(4000), patienceMs)).rejects.toMatchObject({
    name: "RunFailedError",
    kind: "out_of_memory",
  });
  expect((await process.run(windows(1), patienceMs)).outputs).toHaveLength(1);
});

test("a process that has lost its device is killed at once, and every run in it ends with it", async () => {
  const process = startFixture("loses-its-device");
  await process.ready;
  const runs = [1, 2].map((token) => process.run([textWindow(token)], patienceMs));
  const lost = {
    exit: { reason: "device_lost", signal: "SIGKILL", detail: "CUDA failure 700" },
  };
  await Promise.all(runs.map((run) => expect(run).rejects.toMatchObject(lost)));
  expect(process.isReady).toBe(false);
  expect(await process.exited).toMatchObject(lost.exit);
});

test("logits that are no numbers come through as they are: judging them is not the process's business", async () => {
  const process = startFixture("sends-nan");
  await process.ready;
  const { outputs } = await process.run([textWindow(1)], patienceMs);
  expect(logitsOf(outputs[0])).toEqual(Float32Array.of(Number.NaN, Number.NaN));
});

test("progress keeps a run alive that takes longer than its limit", async () => {
  const process = startFixture("reports-progress");
  await process.ready;
  // Twelve steps of 200 ms: together longer than the limit, each far shorter.
  const { outputs } = await process.run([textWindow(12)], 2000);
  expect([...logitsOf(outputs[0])]).toEqual([12]);
});

test("a run without progress is ended by SIGKILL, even in native code, and its process is really gone", async () => {
  const lines: string[] = [];
  const process = startFixture("hangs-in-native-code", { onOutput: (line) => lines.push(line) });
  await process.ready;
  const error = await exitErrorOf(process.run([textWindow(1)], 2000));
  expect(error.exit).toMatchObject({ reason: "no_progress", signal: "SIGKILL" });
  expect(lines).toEqual(["hanging"]);
  expect(isAlive(process.pid)).toBe(false);
  expect(process.isReady).toBe(false);
});

test("a kill ends a process that is stuck in native code, and the first reason given is kept", async () => {
  let isHanging = false;
  const process = startFixture("hangs-in-native-code", { onOutput: () => (isHanging = true) });
  await process.ready;
  const run = exitErrorOf(process.run([textWindow(1)], patienceMs));
  await waitUntil(() => isHanging, "the process hangs");
  expect(isAlive(process.pid)).toBe(true);
  process.kill("protocol_violation");
  process.kill("stopped");
  expect(process.isReady).toBe(false);
  expect((await run).exit).toMatchObject({ reason: "protocol_violation", signal: "SIGKILL" });
  expect(isAlive(process.pid)).toBe(false);
});

test.each(["never-ready", "hangs-while-loading"])(
  "a process that is not ready in time is killed: %s",
  async (fixture) => {
    const process = startFixture(fixture, { startTimeoutMs: 500 });
    expect((await exitErrorOf(process.ready)).exit).toMatchObject({ reason: "start_timeout", signal: "SIGKILL" });
    expect(isAlive(process.pid)).toBe(false);
  },
);

test("a process that says ready when its kill is on the way is not ready", async () => {
  const process = startFixture("echo");
  // The event loop of this process stands still: "ready" is in the channel before the kill, and is read after it.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1500);
  process.kill("start_timeout");
  expect((await exitErrorOf(process.ready)).exit.reason).toBe("start_timeout");
  expect(process.isReady).toBe(false);
});

test("a process on trial is asked before it is ready, and can be used once its answers are right", async () => {
  const asked: number[][] = [];
  const process = startFixture("echo", {
    prove: async (run) => {
      expect(process.isReady).toBe(false);
      await expect(process.run([textWindow(1)], patienceMs)).rejects.toThrow(ProcessExitedError);
      const { outputs } = await run([textWindow(4, 5)]);
      asked.push([...logitsOf(outputs[0])]);
      return null;
    },
  });
  expect(await process.ready).toBe("fixture");
  expect(asked).toEqual([[4, 5]]);
  expect((await process.run([textWindow(6)], patienceMs)).outputs).toHaveLength(1);
});

test("a process whose answers are wrong is killed before it is ready, and why is told", async () => {
  const process = startFixture("echo", { prove: () => Promise.resolve("it says something else") });
  const { exit } = await exitErrorOf(process.ready);
  expect(exit).toMatchObject({ reason: "wrong_answers", detail: "it says something else" });
});

test.each([
  ["fails-to-run", { reason: "load_failed", detail: "the graph refused" }],
  ["crashes-on-request", { reason: "crashed" }],
  ["loses-its-device", { reason: "device_lost" }],
  ["replies-with-garbage", { reason: "protocol_violation" }],
])("a process that %s when it is on trial is never ready", async (name, expected) => {
  const { exit } = await exitErrorOf(startFixture(name, { prove: askOnce }).ready);
  expect(exit).toMatchObject(expected);
});

test("a process that does not answer on trial is killed at the time limit of its start", async () => {
  let isAsked = false;
  const prove = (): Promise<never> => {
    isAsked = true;
    return new Promise(() => {});
  };
  const process = startFixture("echo", { startTimeoutMs: 2_000, prove });
  expect((await exitErrorOf(process.ready)).exit.reason).toBe("start_timeout");
  expect(isAsked).toBe(true);
});

test("a process that cannot load its model says why", async () => {
  const process = startFixture("fails-to-load");
  expect((await exitErrorOf(process.ready)).exit).toEqual({
    reason: "load_failed",
    exitCode: 1,
    signal: null,
    detail: "the model is broken",
    killMs: null,
  });
});

test("a model folder that is not there fails the load of the real inference process", async () => {
  const load = { ...loadMessage, modelFolder: "/nowhere" };
  const { exit } = await exitErrorOf(startInference({ load }).ready);
  expect(exit).toMatchObject({ reason: "load_failed", exitCode: 1 });
  expect(exit.detail).toContain("/nowhere/config.json");
});

test("a process that leaves before it is ready has crashed, with its exit code", async () => {
  const process = startFixture("exits-before-ready");
  expect((await exitErrorOf(process.ready)).exit).toEqual({
    reason: "crashed",
    exitCode: 3,
    signal: null,
    detail: null,
    killMs: null,
  });
});

test("a crash rejects every run under way, and later ones at once", async () => {
  const process = startFixture("crashes-on-request");
  await process.ready;
  const runs = [process.run([textWindow(1)], patienceMs), process.run([textWindow(2)], patienceMs)].map(exitErrorOf);
  for (const { exit } of await Promise.all(runs)) {
    expect(exit).toMatchObject({ reason: "crashed", exitCode: null, signal: "SIGABRT" });
  }
  expect((await process.exited).reason).toBe("crashed");
  await expect(process.run([textWindow(3)], patienceMs)).rejects.toThrow(ProcessExitedError);
});

test("a process whose memory runs out crashes by itself, after answers that were good", async () => {
  const process = startFixture("leaks-memory");
  await process.ready;
  let answers = 0;
  const leak = async (): Promise<void> => {
    while (answers < 100) {
      await process.run([textWindow(1)], patienceMs);
      answers++;
    }
  };
  const { exit } = await exitErrorOf(leak());
  expect(exit.reason).toBe("crashed");
  expect(answers).toBeGreaterThan(0);
});

test.each([
  ["replies-twice", "a second answer to one run"],
  ["ready-twice", "being ready twice"],
  ["fails-to-load-when-ready", "a failed load of a loaded model"],
])("%s: %s breaks the protocol, and the process is killed", async (fixture) => {
  const process = startFixture(fixture);
  await process.ready;
  // One of them answers the run before it breaks the protocol.
  void process.run([textWindow(1)], patienceMs).catch(() => {});
  expect(await process.exited).toMatchObject({ reason: "protocol_violation", signal: "SIGKILL" });
});

test("after a message that is none, nothing that the process says is believed", async () => {
  const process = startFixture("replies-with-garbage");
  await process.ready;
  const { exit } = await exitErrorOf(process.run([textWindow(1)], patienceMs));
  expect(exit).toMatchObject({ reason: "protocol_violation", signal: "SIGKILL" });
});

test("a process that closes its channel is out of reach, so it is killed and its run fails at once", async () => {
  const process = startFixture("closes-its-channel");
  await process.ready;
  const { exit } = await exitErrorOf(process.run([textWindow(1)], patienceMs));
  expect(exit).toMatchObject({ reason: "crashed", signal: "SIGKILL" });
  expect(isAlive(process.pid)).toBe(false);
});

test("a stop lets the process leave by itself, and tells it from a crash", async () => {
  const process = startInference();
  await process.ready;
  await process.stop();
  expect(await process.exited).toEqual({
    reason: "stopped",
    exitCode: 0,
    signal: null,
    detail: null,
    killMs: null,
  });
});

test("a stop of a process that does not leave ends in SIGKILL", async () => {
  const process = startFixture("ignores-sigterm", { stopTimeoutMs: 300 });
  await process.ready;
  globalThis.process.kill(process.pid, "SIGTERM");
  await process.run([textWindow(1)], patienceMs);
  await process.stop();
  expect(await process.exited).toMatchObject({ reason: "stopped", signal: "SIGKILL" });
  expect(isAlive(process.pid)).toBe(false);
});

test("a stop ends a process that is stuck in native code", async () => {
  let isHanging = false;
  const process = startFixture("hangs-in-native-code", { stopTimeoutMs: 100, onOutput: () => (isHanging = true) });
  await process.ready;
  const run = exitErrorOf(process.run([textWindow(1)], patienceMs));
  await waitUntil(() => isHanging, "the process hangs");
  await process.stop();
  expect((await run).exit).toMatchObject({ reason: "stopped", signal: "SIGKILL" });
});

test("a stop before it is ready, twice at once, and after the end are all answered", async () => {
  const process = startFixture("never-ready");
  await Promise.all([process.stop(), process.stop()]);
  await process.stop();
  expect((await process.exited).reason).toBe("stopped");
});

test("SIGTERM and SIGINT to the whole group do not end a real inference process that has work", async () => {
  const process = startInference();
  await process.ready;
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    globalThis.process.kill(process.pid, signal);
  }
  expect((await process.run([textWindow(5, 33, 6)], patienceMs)).outputs).toHaveLength(1);
});

test("a process is told nothing of its parent's environment", async () => {
  globalThis.process.env["SECRET_OF_THE_PARENT"] = "secret";
  onTestFinished(() => {
    delete globalThis.process.env["SECRET_OF_THE_PARENT"];
  });
  const process = startInference();
  await process.ready;
  // Node's own two are how fork hands over the channel.
  expect(environmentNames(process.pid)).toEqual([
    "NODE_CHANNEL_FD",
    "NODE_CHANNEL_SERIALIZATION_MODE",
    "ORT_DISABLE_TELEMETRY",
  ]);
});

test("a process yields to its parent: it is nicer by the given amount, and the first victim when memory runs out", async () => {
  const process = startFixture("echo", { niceness: 3 });
  await process.ready;
  expect(niceValue(process.pid)).toBe(Math.min(19, getPriority() + 3));
  expect(readFileSync(`/proc/${process.pid}/oom_score_adj`, "utf8").trim()).toBe("500");
});

test("what a process writes is passed on line by line, cut to 2000 characters", async () => {
  const lines: string[] = [];
  const process = startFixture("writes-output", { onOutput: (line) => lines.push(line) });
  await process.ready;
  await process.run([textWindow(1)], patienceMs);
  await waitUntil(() => lines.length === 3, "all three lines have come");
  expect(lines.toSorted()).toEqual(["and another", "one line", "x".repeat(2000)]);
});

test("a process that cannot be started for want of file descriptors has crashed, and later ones start again", async () => {
  const parent = fileURLToPath(new URL("../fixtures/processes/parents/lacks-file-descriptors.ts", import.meta.url));
  const command = 'ulimit -n 60 && exec "$0" "$1"';
  const { stdout } = await promisify(execFile)("bash", ["-c", command, globalThis.process.execPath, parent]);
  expect(JSON.parse(stdout)).toEqual({
    reason: "crashed",
    detail: expect.stringContaining("EMFILE") as string,
    device: "fixture",
  });
});

async function exitErrorOf(promise: Promise<unknown>): Promise<ProcessExitedError> {
  const error = await promise.then(
    () => new Error("the promise was not rejected"),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ProcessExitedError)) {
    throw error;
  }
  return error;
}

/** So many windows of 128 tokens. */
function windows(count: number): TextWindowInput[] {
  return Array.from({ length: count }, () => textWindow(...Int32Array.from({ length: 128 }, () => 10)));
}

async function askOnce(run: RunWindows): Promise<null> {
  await run([textWindow(1)]);
  return null;
}
