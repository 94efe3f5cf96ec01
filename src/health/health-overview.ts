import type { Reading } from "./collector.ts";
import type { HealthOverview, ModelHealth, Section } from "./health-report.ts";
import type { MachineWatch } from "./machine-watch.ts";
import type { ModelWatch } from "./model-watch.ts";
import { withoutPaths } from "./without-paths.ts";

/** What is known of the machine and of each model. */
export function describeHealth(machine: MachineWatch, models: readonly ModelWatch[]): HealthOverview["checks"] {
  const gpu = machine.gpu.latest();
  const memory = machine.memory.latest();
  return {
    gpu: { ...section(gpu, gpu.facts.length === 0 ? "none" : ""), devices: gpu.facts },
    memory: { ...section(memory), ...memory.facts },
    disk: describeDisk(machine),
    models: describeModels(models),
  };
}

function describeDisk(machine: MachineWatch): HealthOverview["checks"]["disk"] {
  const spool = machine.spool.latest();
  const models = machine.modelDisk.latest();
  const spoolDetail = machine.spoolDetail();
  const facts = { spool: withoutProblem(spool.facts), models: models.facts };
  return spoolDetail === ""
    ? { ...section(models), ageMs: spool.ageMs ?? models.ageMs, ...facts }
    : { status: "fail", detail: withoutPaths(spoolDetail), ageMs: spool.ageMs, ...facts };
}

function withoutProblem(space: { totalBytes: number; freeBytes: number } | null) {
  return space === null ? null : { totalBytes: space.totalBytes, freeBytes: space.freeBytes };
}

function describeModels(watches: readonly ModelWatch[]): HealthOverview["checks"]["models"] {
  const models = watches.map(describeModel);
  const failing = models.filter(({ status, isRequired }) => isRequired && status === "fail");
  return {
    status: failing.length === 0 && models.length > 0 ? "ok" : "fail",
    detail: failing.map(({ name, detail }) => `${name}: ${detail}`).join("; "),
    ageMs: 0,
    models,
  };
}

function describeModel(watch: ModelWatch): ModelHealth {
  const { model, lastCanary, lastAnswerAt, restarts } = watch;
  const detail = withoutPaths(watch.detail(performance.now()), model.folder.path);
  return {
    ...model.identity,
    status: detail === "" ? "ok" : "fail",
    detail,
    isRequired: model.isRequired,
    device: model.device,
    cudaRuntime: model.cudaRuntime,
    devicesSetAside: model.devicesSetAside,
    precision: model.precision,
    deviceTiming: model.deviceTiming,
    state: model.state(),
    lastCanary: lastCanary === null ? null : { at: lastCanary.at.toISOString(), result: lastCanary.result },
    lastAnswerAt: lastAnswerAt?.toISOString() ?? null,
    restarts,
  };
}

function section<Facts>({ ageMs, problem }: Reading<Facts>, detail = ""): Section {
  return problem === null
    ? { status: "ok", detail, ageMs }
    : { status: "unknown", detail: withoutPaths(problem), ageMs };
}
