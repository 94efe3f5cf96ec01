import { expect, test } from "vitest";
import type { Hardware } from "../../src/hardware/hardware.ts";
import { crashing } from "../fixtures/plugins/triggers.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { h200Machine } from "../helpers/gpu-devices.ts";
import { faultPlugin, readyModel } from "../helpers/local-models.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";
import { ServiceProcess } from "../helpers/service-process.ts";

const onGpu = { executionProvider: "cuda", plugins: [faultPlugin("lacks-memory")] } as const;
const oneGpu: Hardware = { ...h200Machine, devices: h200Machine.devices.slice(0, 1) };

const text = new Int32Array(20).fill(10);
const large = Int32Array.of(5, crashing.tokenId, 6);

test("on the CPU a batch without enough memory is computed in smaller ones, and no window is lost", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "batch_fell_back");
  const exits = collectEvents(events, "process_exited");
  const model = await readyModel({ plugins: onGpu.plugins }, {}, events);
  const alone = await model.run([text], requestContext());
  const { logits } = await model.run(
    Array.from({ length: 16 }, () => text),
    requestContext(),
  );
  expect(logits).toHaveLength(16);
  for (const row of logits) {
    expect(Math.abs((row[0] ?? Number.NaN) - (alone.logits[0]?.[0] ?? Number.NaN))).toBeLessThan(0.2);
  }
  expect(fallbacks.map(({ step }) => step)).toContain("half");
  expect(fallbacks.map(({ step }) => step)).toContain("single");
  expect(fallbacks.every(({ device }) => device === "cpu")).toBe(true);
  expect(exits).toEqual([]);
});

test("what a GPU has no memory for is computed by one process on the CPU, and the rest stays on the GPU", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "batch_fell_back");
  const model = await readyModel(onGpu, {}, events, oneGpu);
  const { logits } = await model.run([text, large, text, large], requestContext());
  expect(logits.map((row) => row.length)).toEqual([2, 2, 2, 2]);
  expect(fallbacks.filter(({ step }) => step === "cpu").reduce((sum, { windows }) => sum + windows, 0)).toBe(2);
  expect(model.processes).toMatchObject({ active: 1, fallback: 1 });
  expect(model.pids).toHaveLength(2);
  expect(model.device).toBe("cuda");
  const watched = model.readyProcesses.find(({ role }) => role === "fallback");
  expect(await model.replaceProcess(watched?.pid ?? -1, "successor_first")).toBe("replaced");
  expect(model.processes).toMatchObject({ active: 1, fallback: 0 });
  expect((await model.run([large], requestContext())).logits).toHaveLength(1);
  await model.close();
  expect(model.pids).toEqual([]);
});

test("where a GPU is required, what it has no memory for is refused for now", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "batch_fell_back");
  const model = await readyModel(onGpu, {}, events, oneGpu, { requireGpu: true });
  await expect(model.run([large], requestContext())).rejects.toMatchObject({ code: "out_of_memory" });
  expect(fallbacks.map(({ step }) => step)).toEqual(["failed"]);
  expect(model.processes.fallback).toBe(0);
  expect((await model.run([text], requestContext())).logits).toHaveLength(1);
});

test("a process that has lost its device is replaced at once, and only the window that costs two of them fails", async () => {
  const events = strictEventBus();
  const exits = collectEvents(events, "process_exited");
  const model = await readyModel(
    { executionProvider: "cuda", plugins: [faultPlugin("loses-its-gpu")] },
    {},
    events,
    oneGpu,
  );
  const results = [model.run([text], requestContext()), model.run([large], requestContext())];
  const [sound, poisoned] = await Promise.allSettled(results);
  expect(sound?.status).toBe("fulfilled");
  expect(poisoned).toMatchObject({ reason: { code: "inference_process_crashed", facts: { reason: "device_lost" } } });
  await waitUntil(() => exits.length === 2, "both ends are told");
  const lost = { reason: "device_lost", wasReady: true, signal: "SIGKILL", detail: "CUDA failure 700" };
  expect(exits).toMatchObject([lost, lost]);
  expect((await model.run([text], requestContext())).logits).toHaveLength(1);
});

test("a lack of memory is told to the client with 503 and Retry-After, counted by its step and logged without the text", async () => {
  await using service = await ServiceProcess.ready({
    model: { plugins: ["test/fixtures/plugins/lacks-memory-always.ts"] },
  });
  const response = await service.classify([crashing.text]);
  expect(response.status).toBe(503);
  expect(response.headers.get("retry-after")).toBe("5");
  expect(await response.json()).toMatchObject({ error: { code: "out_of_memory" } });
  await service.metricReaches(
    'inference_batch_fallbacks_total{model_name="camembert-toxicity-fr",step="failed"}',
    (count) => count === 1,
  );
  const line = await service.logged(({ event }) => event === "batch_fell_back");
  expect(line).toMatchObject({ level: "error", step: "failed", windows: 1, device: "cpu" });
  await service.logged(({ event }) => event === "request_finished");
  expect(service.output).not.toContain("moustiquaire");
});
