import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Health } from "../../../src/health/health.ts";

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2025, 0, 1) });
});

afterEach(() => {
  vi.useRealTimers();
});

test("live says ok whatever the models do", () => {
  const { health } = healthOf([model("broken", "no memory")]);
  expect(health.live()).toMatchObject({ status: "ok", checks: [{ name: "event_loop", status: "ok", detail: "" }] });
});

test("ready needs every required model, and names what is wrong with each", () => {
  const { health } = healthOf([
    model("good", ""),
    model("bad", "no memory"),
    model("worse", "its processes are starting"),
  ]);
  const { status, checks } = health.ready();
  expect(status).toBe("fail");
  expect(checks.map(({ name, status: each, detail }) => [name, each, detail])).toEqual([
    ["accepting", "ok", ""],
    ["maintenance", "ok", ""],
    ["event_loop", "ok", ""],
    ["audio", "ok", ""],
    ["spool", "ok", ""],
    ["model:good", "ok", ""],
    ["model:bad", "fail", "no memory"],
    ["model:worse", "fail", "its processes are starting"],
  ]);
});

test("a model that is not required keeps nothing from being ready", () => {
  const { health } = healthOf([model("good", ""), model("optional", "no memory", false)]);
  expect(health.ready().status).toBe("ok");
  expect(health.started().status).toBe("ok");
});

test("before the model folders are open, the service is neither ready nor started, but live", () => {
  const { health } = healthOf([]);
  expect([health.live().status, health.ready().status, health.started().status]).toEqual(["ok", "fail", "fail"]);
  expect(health.ready().checks.at(-1)?.detail).toBe("the model folders are being opened");
});

test("draining and maintenance end readiness only", () => {
  const { health, sources } = healthOf([model("good", "")]);
  health.started();
  sources.isDraining = true;
  expect(failing(health)).toEqual([["accepting", "the service is shutting down"]]);
  sources.isDraining = false;
  sources.isInMaintenance = true;
  expect(failing(health)).toEqual([["maintenance", "maintenance mode is on"]]);
  expect([health.live().status, health.started().status]).toEqual(["ok", "ok"]);
});

test.each(["audio", "spool", "event_loop"] as const)("a problem of %s ends readiness only, and says why", (name) => {
  const { health, sources } = healthOf([model("good", "")]);
  sources.details[name] = "it is out of order";
  expect(health.ready().status).toBe("fail");
  expect(failing(health)).toEqual([[name, "it is out of order"]]);
  expect([health.live().status, health.started().status]).toEqual(["ok", "ok"]);
});

test("a model whose processes run has started, though its answers are wrong: it is not ready", () => {
  const { health, sources } = healthOf([model("good", "")]);
  sources.modelDetail = "the canary failed";
  expect(failing(health)).toEqual([["model:good", "the canary failed"]]);
  expect(health.started().status).toBe("ok");
});

test("no detail names a path of the machine", () => {
  const { health } = healthOf([model("bad", "/srv/models/secret-client/onnx/model.onnx cannot be opened")]);
  expect(failing(health)).toEqual([["model:bad", "model.onnx cannot be opened"]]);
  expect(JSON.stringify([health.ready(), health.started()])).not.toContain("secret-client");
});

test("no detail names the model's folder, whatever characters that has", () => {
  const { health } = healthOf([model("bad", "'/srv/a client/models/onnx/model.onnx' is not in /srv/a client/models")]);
  expect(failing(health)).toEqual([["model:bad", "'onnx/model.onnx' is not in models"]]);
});

test("once started it stays started, whatever becomes of a model", () => {
  const { health, sources } = healthOf([model("one", "its processes are starting")]);
  expect(health.started().status).toBe("fail");
  sources.models = [model("one", "")];
  expect(health.started().status).toBe("ok");
  sources.models = [model("one", "no memory")];
  expect(health.started()).toMatchObject({ status: "ok", checks: [{ name: "model:one", status: "ok" }] });
  expect(health.ready().status).toBe("fail");
});

test("since is when a check became what it is, not when it was last asked", () => {
  const { health, sources } = healthOf([model("one", "no memory")]);
  const first = sinceOf(health);
  vi.setSystemTime(Date.UTC(2025, 0, 2));
  sources.models = [model("one", "still no memory")];
  expect(sinceOf(health)).toBe(first);
  expect(first).toBe("2025-01-01T00:00:00.000Z");
  sources.models = [model("one", "")];
  expect(sinceOf(health)).toBe("2025-01-02T00:00:00.000Z");
});

interface FakeModel {
  readonly identity: { readonly name: string; readonly version: string; readonly digest: string };
  readonly isRequired: boolean;
  readonly folder: { readonly path: string };
  stateDetail(): string;
}

interface Sources {
  models: FakeModel[];
  /** Of each model; null for the detail of its state. */
  modelDetail: string | null;
  details: { audio: string; spool: string; event_loop: string };
  isDraining: boolean;
  isInMaintenance: boolean;
}

function healthOf(models: FakeModel[]): { health: Health; sources: Sources } {
  const sources: Sources = {
    models,
    modelDetail: null,
    details: { audio: "", spool: "", event_loop: "" },
    isDraining: false,
    isInMaintenance: false,
  };
  const health = new Health({
    models: () => sources.models,
    modelDetail: (each) => sources.modelDetail ?? each.stateDetail(),
    audioDetail: () => sources.details.audio,
    spoolDetail: () => sources.details.spool,
    eventLoopDetail: () => sources.details.event_loop,
    isDraining: () => sources.isDraining,
    isInMaintenance: () => sources.isInMaintenance,
  });
  return { health, sources };
}

function model(name: string, detail: string, isRequired = true): FakeModel {
  return {
    identity: { name, version: "1.0.0", digest: "" },
    isRequired,
    folder: { path: "/srv/a client/models" },
    stateDetail: () => detail,
  };
}

/** Name and detail of what keeps it from being ready. */
function failing(health: Health): [string, string][] {
  const { checks } = health.ready();
  return checks.filter(({ status }) => status === "fail").map(({ name, detail }) => [name, detail]);
}

function sinceOf(health: Health): string | undefined {
  return health.ready().checks.find(({ name }) => name === "model:one")?.since;
}
