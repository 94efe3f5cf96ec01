import { chmodSync, readFileSync } from "node:fs";
import { afterEach, expect, test, vi } from "vitest";
import { parseDevices } from "../../src/hardware/detect-devices.ts";
import { type Hardware, judgeHardware } from "../../src/hardware/hardware.ts";
import { describeHealth } from "../../src/health/health-overview.ts";
import { MachineWatch } from "../../src/health/machine-watch.ts";
import { ModelWatch } from "../../src/health/model-watch.ts";
import { LocalModels } from "../../src/local-models.ts";
import type { LocalTextModel } from "../../src/local-text-model.ts";
import { collectEvents, strictEventBus } from "../helpers/event-bus.ts";
import { gpuRows, h200Machine, runtime127, runtime130 } from "../helpers/gpu-devices.ts";
import { configOf, faultPlugin, modelSettings, readyModel } from "../helpers/local-models.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { requestContext } from "../helpers/request-context.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const onGpu = { executionProvider: "cuda", plugins: [faultPlugin("simulates-a-gpu")] } as const;

/** Cannot be used, whether or not a provider lies beside a core of this checkout. */
const gpuOfOldDriver = gpuRows.h200.replace("580.65.06", "570.86.15");

/** The same machine, whose GPUs fail. */
const brokenMachine: Hardware = {
  ...h200Machine,
  devices: h200Machine.devices.map((device) => ({ ...device, uuid: `${device.uuid}-broken` })),
};

afterEach(() => {
  vi.unstubAllEnvs();
});

/** The same machine, of whose GPUs the second fails. */
const halfBrokenMachine: Hardware = {
  ...h200Machine,
  devices: h200Machine.devices.map((device, index) => (index === 1 ? (brokenMachine.devices[1] ?? device) : device)),
};

test("a model on a machine of two GPUs has a process on each, which sees that one only", async () => {
  const events = strictEventBus();
  const model = await readyModel({ ...onGpu, instances: "auto" }, {}, events, h200Machine);
  await waitUntil(() => model.processes.active === 2, "both instances are ready");
  expect(model.device).toBe("cuda");
  expect(model.deviceDetail()).toBe("");
  await expectAnswer(model);
  const visible = model.pids.map((pid) => environmentOf(pid).find((line) => line.startsWith("CUDA_VISIBLE_DEVICES=")));
  expect(new Set(visible)).toEqual(new Set(h200Machine.devices.map(({ uuid }) => `CUDA_VISIBLE_DEVICES=${uuid}`)));
});

test("a process on a GPU loads the ONNX Runtime whose provider is for it, and finds CUDA where this process would", async () => {
  vi.stubEnv("LD_LIBRARY_PATH", "/opt/cuda-of-a-test");
  const b200Machine = judgeHardware(
    { profile: "auto", requireGpu: true },
    { devices: parseDevices(gpuRows.b200, "") },
    [{ runtime: runtime130 }, { runtime: runtime127 }],
  );
  const model = await readyModel(onGpu, {}, strictEventBus(), b200Machine);
  expect(model.cudaRuntime).toBe("1.27.0");
  const [pid = 0] = model.pids;
  expect(coresOf(pid)).toEqual(["onnxruntime-node-cuda"]);
  expect(environmentOf(pid)).toContain("LD_LIBRARY_PATH=/opt/cuda-of-a-test");
  await expectAnswer(model);
  const onCpu = await readyModel({}, {}, strictEventBus(), b200Machine);
  expect(onCpu.cudaRuntime).toBeNull();
  const [cpuPid = 0] = onCpu.pids;
  expect(coresOf(cpuPid)).toEqual(["onnxruntime-node"]);
  expect(environmentOf(cpuPid).join()).not.toContain("LD_LIBRARY_PATH");
});

test("a batch is no larger than the device has room for", async () => {
  const events = strictEventBus();
  const batches = collectEvents(events, "batch_completed");
  const full: Hardware = {
    ...h200Machine,
    devices: h200Machine.devices.map((device) => ({ ...device, memoryBytes: 1.26e9 })),
  };
  const model = await readyModel(onGpu, {}, events, full);
  const windows = Array.from({ length: 12 }, () => new Int32Array(50).fill(10));
  await model.run(windows, requestContext());
  expect(batches.reduce((sum, batch) => sum + batch.windows, 0)).toBe(windows.length);
  expect(Math.max(...batches.map(({ paddedLength }) => paddedLength))).toBeLessThanOrEqual(256);
});

test("a model whose processes cannot be started on the GPU is ready on the CPU, and that is told once", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const model = await readyModel({ ...onGpu, instances: 2 }, {}, events, brokenMachine);
  await waitUntil(() => model.processes.active === 2, "both instances are ready");
  expect(model.device).toBe("cpu");
  expect(model.deviceDetail()).toBe("");
  await expectAnswer(model);
  expect(fallbacks).toEqual([
    { model: model.identity.name, provider: "cuda", reason: "load_failed", detail: expect.stringContaining("-broken") },
  ]);
});

test("a GPU on which no process gets ready is set aside: the others work on, and the model is ready", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const setAside = collectEvents(events, "device_set_aside");
  const model = await readyModel({ ...onGpu, instances: "auto" }, { backoffInitialMs: 10 }, events, halfBrokenMachine);
  await waitUntil(() => setAside.length === 1, "the broken device is set aside");
  const [, broken] = halfBrokenMachine.devices;
  expect(setAside).toMatchObject([{ device: broken?.uuid, failures: 3, detail: expect.stringContaining("-broken") }]);
  await waitUntil(() => model.processes.starting === 0, "nothing is started there any more");
  expect(model.processes.active).toBe(1);
  expect(model.devicesSetAside).toEqual([broken?.uuid]);
  expect([model.state(), model.stateDetail(), model.deviceDetail(), model.device]).toEqual(["ready", "", "", "cuda"]);
  await expectAnswer(model);
  expect(fallbacks).toEqual([]);
});

test("a GPU that is lost to one process after another is set aside, and the model is computed on the other", async () => {
  const events = strictEventBus();
  const exits = collectEvents(events, "process_exited");
  const setAside = collectEvents(events, "device_set_aside");
  const settings = { executionProvider: "cuda", plugins: [faultPlugin("loses-its-gpu")], instances: "auto" } as const;
  const model = await readyModel(settings, {}, events, h200Machine);
  await waitUntil(() => model.processes.active === 2, "both instances are ready");
  for (let request = 0; setAside.length === 0 && request < 200; request++) {
    const window = new Int32Array(20).fill(10);
    const results = await Promise.allSettled([1, 2].map(() => model.run([window], requestContext())));
    // One window may meet the bad device twice, and then counts as the cause.
    results.forEach((result) => {
      if (result.status === "rejected") {
        expect(result.reason).toMatchObject({ facts: { reason: "device_lost" } });
      }
    });
  }
  expect(setAside).toMatchObject([{ device: "GPU-bbbbbbbb-1111", failures: 3, detail: "CUDA failure 700" }]);
  expect(exits.length).toBeGreaterThanOrEqual(3);
  expect(exits.every(({ reason }) => reason === "device_lost")).toBe(true);
  for (let request = 0; request < 5; request++) {
    await expectAnswer(model);
  }
  expect([model.state(), model.processes.active]).toEqual(["ready", 1]);
});

test("a process whose GPU is faster than any can be never gets ready: it computes nothing", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const model = await readyModel({ ...onGpu, plugins: [faultPlugin("gpu-that-is-too-fast")] }, {}, events, h200Machine);
  expect(model.device).toBe("cpu");
  await expectAnswer(model);
  expect(model.deviceTiming).toBeNull();
  expect(fallbacks).toMatchObject([
    { reason: "load_failed", detail: expect.stringMatching(/^nothing was computed: a run of .* profile h200 says /) },
  ]);
});

test("where a GPU is required and computes nothing, the model never gets ready", async () => {
  const settings = modelSettings({ ...onGpu, plugins: [faultPlugin("gpu-that-is-too-fast")] });
  const defaults = configOf([settings], { giveUpAfterFailures: 1 });
  const config = { ...defaults, hardware: { profile: "auto", requireGpu: true } } as const;
  const models = new LocalModels(
    () => config,
    h200Machine,
    strictEventBus(),
    () => Promise.resolve("ok"),
  );
  await expect(models.apply(config)).rejects.toThrow(/cannot start: nothing was computed/);
  await models.close();
});

test("a GPU that is no faster than a CPU is used, and that is told", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "device_is_slow");
  const model = await readyModel({ ...onGpu, plugins: [faultPlugin("gpu-that-is-slow")] }, {}, events, h200Machine);
  expect(model.device).toBe("cuda");
  expect(model.deviceDetail()).toBe("");
  await expectAnswer(model);
  expect(told).toEqual([
    { model: model.identity.name, pid: model.pids[0], detail: expect.stringContaining("no faster than a CPU") },
  ]);
  const watch = new ModelWatch(model, () => ({ periodMs: 60_000, maxRestartsPerMinute: 10 }), events);
  expect(await watch.askCanary()).toBe("ok");
  expect(watch.detail(performance.now())).toBe("");
  const machine = new MachineWatch({
    settings: () => configOf([]).health,
    modelPids: () => new Map(),
    modelFolders: () => [],
    takesUploads: () => false,
    events,
  });
  expect(describeHealth(machine, [watch]).models).toMatchObject({
    status: "ok",
    models: [{ device: "cuda", precision: "int8", deviceTiming: { kind: "slow", detail: told[0]?.detail } }],
  });
});

test("with default settings as much is timed as makes ten milliseconds at the peak, so that a slow GPU is found", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "device_is_slow");
  const model = await readyModel({ ...onGpu, plugins: [faultPlugin("gpu-timed-as-ordered")] }, {}, events, h200Machine);
  // 989 TFLOP/s for 10 ms, by windows of 128 tokens and 12 × 384 of the model.
  const windows = Math.floor(9.89e12 / (2 * 12 * (4 * 384 ** 2 + 2 * 384 * 1536)) / 128);
  expect(model.deviceTiming).toMatchObject({
    kind: "slow",
    detail: expect.stringContaining(`a run of ${windows * 128} tokens took `),
  });
  expect(told).toHaveLength(1);
});

test("a GPU on which no run can be timed is used all the same, and that is told", async () => {
  const events = strictEventBus();
  const output = collectEvents(events, "process_output");
  const model = await readyModel(
    { ...onGpu, plugins: [faultPlugin("gpu-that-cannot-be-timed")] },
    {},
    events,
    h200Machine,
  );
  expect([model.device, model.deviceTiming]).toEqual(["cuda", null]);
  await expectAnswer(model);
  const line = "the speed of the device is unknown: Failed to allocate memory for requested buffer of size 1";
  expect(output.map((each) => each.line)).toEqual([line]);
});

test("a GPU that is as fast as one is used without a word", async () => {
  const events = strictEventBus();
  const told = collectEvents(events, "device_is_slow");
  const model = await readyModel({ ...onGpu, plugins: [faultPlugin("gpu-that-is-fair")] }, {}, events, h200Machine);
  expect(model.device).toBe("cuda");
  await expectAnswer(model);
  expect(model.deviceTiming).toMatchObject({ kind: "plausible" });
  expect(told).toEqual([]);
});

test("on the CPU nothing is timed", async () => {
  const model = await readyModel({ plugins: [faultPlugin("gpu-that-is-fair")] });
  expect(model.device).toBe("cpu");
  await expectAnswer(model);
  expect(model.deviceTiming).toBeNull();
});

test("a model of texts whose GPUs say something else than the CPU never serves there: it falls back, loudly", async () => {
  const events = strictEventBus();
  const exits = collectEvents(events, "process_exited");
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const devices = h200Machine.devices.map((device) => ({ ...device, uuid: `${device.uuid}-garbled` }));
  const model = await readyModel(onGpu, {}, events, { ...h200Machine, devices });
  expect(model.device).toBe("cpu");
  await expectAnswer(model);
  expect(exits.map(({ reason, wasReady }) => [reason, wasReady])).toEqual([
    ["wrong_answers", false],
    ["wrong_answers", false],
  ]);
  expect(fallbacks).toMatchObject([
    {
      reason: "wrong_answers",
      detail: "its answer to the canary is 0.99 off the one recorded on a CPU, of 0.05 at most",
    },
  ]);
});

test("a model of 8 bits that is left to the service stays on the CPU without a word", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const model = await readyModel({ plugins: onGpu.plugins }, {}, events, h200Machine);
  expect(model.device).toBe("cpu");
  await expectAnswer(model);
  expect(fallbacks).toEqual([]);
});

test("what the real provider says when it cannot be loaded ends in a fall-back too", async () => {
  const events = strictEventBus();
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const model = await readyModel({ executionProvider: "cuda" }, {}, events, h200Machine);
  expect(model.device).toBe("cpu");
  await expectAnswer(model);
  expect(fallbacks).toMatchObject([{ reason: "load_failed" }]);
});

test("where a GPU is required a model that cannot be started on it is refused, not moved, once each GPU was tried", async () => {
  const events = strictEventBus();
  const started = collectEvents(events, "process_started");
  const fallbacks = collectEvents(events, "execution_provider_fell_back");
  const settings = modelSettings(onGpu);
  const defaults = configOf([settings]);
  const config = { ...defaults, hardware: { profile: "auto", requireGpu: true } } as const;
  const models = new LocalModels(
    () => config,
    brokenMachine,
    events,
    () => Promise.resolve("ok"),
  );
  await expect(models.apply(config)).rejects.toThrow(
    /cannot start: hardware\.requireGpu is set, but no process could be started on a GPU: the fixture cannot compute/,
  );
  expect(started).toHaveLength(2);
  expect(models.list()).toEqual([]);
  expect(fallbacks).toEqual([]);
  await models.close();
});

test("a service whose GPU cannot be used computes on the CPU and says so everywhere", async () => {
  using folder = new TemporaryFolder();
  await using service = await ServiceProcess.ready({
    model: { executionProvider: "cuda" },
    environment: pathWithDriver(folder, gpuOfOldDriver),
  });
  const line = await service.logged(({ event }) => event === "execution_provider_fell_back");
  expect(line).toMatchObject({
    level: "error",
    provider: "cuda",
    reason: expect.stringMatching(/^(no_provider|old_driver)$/),
  });
  await service.metricReaches("execution_provider_fallbacks_total", (count) => count === 1);
  const health = await fetch(`${service.url}/health`);
  expect(health.status).toBe(200);
  expect(await health.json()).toMatchObject({
    status: "ok",
    checks: { models: { models: [{ device: "cpu", cudaRuntime: null, precision: "int8" }] } },
  });
  const models = await fetch(`${service.url}/v1/models`);
  expect(await models.json()).toMatchObject({ data: [{ device: "cpu", precision: "int8" }] });
});

test("a service that requires a GPU refuses to start without a usable one, and says why", async () => {
  using folder = new TemporaryFolder();
  await using service = new ServiceProcess({
    settings: { hardware: { requireGpu: true } },
    environment: pathWithDriver(folder, gpuOfOldDriver),
  });
  expect(await service.exited).toMatchObject({ exitCode: 1 });
  expect(service.output).toContain("hardware.requireGpu is set, but no ONNX Runtime can compute");
});

test("a service for a B200 refuses to start on another GPU, and says what does not fit", async () => {
  using folder = new TemporaryFolder();
  await using service = new ServiceProcess({
    settings: { hardware: { profile: "b200" } },
    environment: pathWithDriver(folder, gpuRows.h100),
  });
  expect(await service.exited).toMatchObject({ exitCode: 1 });
  expect(service.output).toContain("NVIDIA H100 80GB HBM3 has compute capability 9.0 instead of 10.0");
});

/** Packages whose core of ONNX Runtime the process has loaded. */
function coresOf(pid: number): string[] {
  const maps = readFileSync(`/proc/${pid}/maps`, "utf8");
  const packages = [...maps.matchAll(/node_modules\/([^/]+)\/bin\/\S*libonnxruntime\.so/g)].map(
    ([, name]) => `${name}`,
  );
  return [...new Set(packages)];
}

function environmentOf(pid: number): string[] {
  return readFileSync(`/proc/${pid}/environ`, "utf8").split("\0");
}

async function expectAnswer(model: LocalTextModel): Promise<void> {
  const [prepared] = await model.prepare(["Bonjour à tous."], requestContext());
  const windows = prepared?.windows.map(({ inputIds }) => inputIds) ?? [];
  const { logits } = await model.run(windows, requestContext());
  expect(logits.map((row) => row.length)).toEqual([2]);
}

/** An environment in which NVIDIA's driver tells of this GPU. */
function pathWithDriver(folder: TemporaryFolder, row: string): Record<string, string> {
  const uuid = row.split(", ")[1];
  const script = `#!/bin/sh
case "$*" in
  *compute_cap*) echo "${row}" ;;
  -L) echo "GPU 0: simulated (UUID: ${uuid})" ;;
esac
`;
  chmodSync(folder.write("nvidia-smi", script), 0o700);
  return { PATH: `${folder.path}:${process.env["PATH"]}` };
}
