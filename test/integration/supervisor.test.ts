import { expect, onTestFinished, test } from "vitest";
import type { ServiceEvents } from "../../src/events.ts";
import type { InferenceProcess } from "../../src/processes/inference-process.ts";
import { Supervisor } from "../../src/processes/supervisor.ts";
import { strictEventBus } from "../helpers/event-bus.ts";
import { startFixture, textWindow } from "../helpers/fixture-process.ts";
import { logitsOf } from "../helpers/logits-of.ts";
import { isAlive, waitUntil } from "../helpers/process-facts.ts";

const restart = { backoffInitialMs: 20, backoffMaxMs: 100, giveUpAfterFailures: 3, giveUpRetryMs: 200 };
const patienceMs = 60_000;

test("a child that served and was killed is replaced at once, and the replacement serves", async () => {
  const model = superviseFixture({ instances: 1, spares: 0 });
  await waitUntil(() => model.instances.length === 1, "the first instance is ready");
  for (let death = 1; death <= 3; death++) {
    const [current] = model.instances.slice(-1);
    expect(await firstLogit(current)).toBe(7);
    process.kill(current?.pid ?? 0, "SIGKILL");
    await waitUntil(() => model.instances.length === death + 1, "the replacement is ready");
  }
  expect(await firstLogit(model.instances.at(-1))).toBe(7);
  expect(model.exits.map(({ reason, wasReady, signal }) => [reason, wasReady, signal])).toEqual(
    Array.from({ length: 3 }, () => ["crashed", true, "SIGKILL"]),
  );
  expect(model.supervisor.retryInMs).toBe(0);
});

test("the warm spare takes the place of a child that died, and another spare is started", async () => {
  const model = superviseFixture({ instances: 1, spares: 1 });
  await waitUntil(() => model.readyPids.length === 2, "instance and spare are ready");
  const [instance] = model.instances;
  const spare = model.readyPids[1];
  process.kill(instance?.pid ?? 0, "SIGKILL");
  await waitUntil(() => model.instances.length === 2, "the spare was promoted");
  expect(model.instances[1]?.pid).toBe(spare);
  expect(await firstLogit(model.instances[1])).toBe(7);
  await waitUntil(() => model.readyPids.length === 3, "the next spare is ready");
  expect(model.instances).toHaveLength(2);
});

test("children that hang in native code are killed and replaced, each time", async () => {
  const model = superviseFixture({ instances: 1, spares: 1, fixture: "hangs-in-native-code" });
  for (let hang = 1; hang <= 2; hang++) {
    await waitUntil(() => model.instances.length === hang, "an instance is ready");
    const instance = model.instances[hang - 1];
    await expect(instance?.run([textWindow(1)], 200)).rejects.toMatchObject({ exit: { reason: "no_progress" } });
    expect(isAlive(instance?.pid ?? 0)).toBe(false);
  }
});

test("children that fail before they are ready open the circuit, and one that gets ready closes it", async () => {
  const model = superviseFixture({ instances: 2, spares: 1, fixture: "fails-to-load" });
  await waitUntil(() => model.supervisor.state === "circuit_open", "the circuit is open");
  expect(model.supervisor.problem()).toBe("the model is broken");
  expect(model.exits.length).toBeGreaterThanOrEqual(restart.giveUpAfterFailures);
  expect(model.exits.every(({ reason, wasReady }) => reason === "load_failed" && !wasReady)).toBe(true);
  model.fixture = "echo";
  await waitUntil(() => model.supervisor.state === "ready", "the model is ready again");
  await waitUntil(() => model.instances.length === 2, "both instances are ready");
  expect(await firstLogit(model.instances[0])).toBe(7);
  expect(model.supervisor.problem()).toBeNull();
});

test("a child that exits without a word before it is ready is tried again", async () => {
  const model = superviseFixture({ instances: 1, spares: 0, fixture: "exits-before-ready" });
  await waitUntil(() => model.exits.length === 1, "the first child is gone");
  expect(model.supervisor.problem()).toBe("crashed before ready (exit code 3, signal null)");
  model.fixture = "echo";
  await waitUntil(() => model.supervisor.state === "ready", "the model is ready");
});

test("a stop ends every child, the stubborn ones too", async () => {
  const model = superviseFixture({ instances: 2, spares: 1, fixture: "ignores-sigterm" });
  await waitUntil(() => model.readyPids.length === 3, "all are ready");
  await model.supervisor.stop();
  expect(model.startedPids.filter(isAlive)).toEqual([]);
  expect(model.supervisor.state).toBe("stopped");
});

test("a kill ends every child that is still starting", async () => {
  const model = superviseFixture({ instances: 2, spares: 0, fixture: "hangs-while-loading" });
  model.supervisor.kill();
  await waitUntil(() => model.exits.length === 2, "both are gone");
  expect(model.startedPids.filter(isAlive)).toEqual([]);
});

interface Supervised {
  readonly supervisor: Supervisor;
  readonly instances: InferenceProcess[];
  readonly startedPids: number[];
  readonly readyPids: number[];
  readonly exits: ServiceEvents["process_exited"][];
  /** What the next children run. */
  fixture: string;
}

function superviseFixture(options: { instances: number; spares: number; fixture?: string }): Supervised {
  const events = strictEventBus();
  const supervised: Supervised = {
    supervisor: new Supervisor({
      model: "fixture",
      modelId: "1",
      places: () => options,
      exchange: () => null,
      restart: () => restart,
      events,
      startProcess: () => startFixture(supervised.fixture, { stopTimeoutMs: 300 }),
      onInstance: (instance) => supervised.instances.push(instance),
      onRetire: () => Promise.resolve(),
      onState: () => {},
    }),
    instances: [],
    startedPids: [],
    readyPids: [],
    exits: [],
    fixture: options.fixture ?? "echo",
  };
  events.on("process_started", ({ pid }) => supervised.startedPids.push(pid));
  events.on("process_ready", ({ pid }) => supervised.readyPids.push(pid));
  events.on("process_exited", (exit) => supervised.exits.push(exit));
  onTestFinished(() => supervised.supervisor.kill());
  supervised.supervisor.start();
  return supervised;
}

async function firstLogit(instance: InferenceProcess | undefined): Promise<number | undefined> {
  const result = await instance?.run([textWindow(7)], patienceMs);
  return result && logitsOf(result.outputs[0])[0];
}
