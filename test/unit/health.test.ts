import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Health } from "../../src/health.ts";
import type { LocalModel } from "../../src/local-model.ts";

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
    ["audio", "ok", ""],
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
  expect(health.ready()).toMatchObject({ status: "fail", checks: [{ name: "accepting", status: "fail" }, {}, {}, {}] });
  sources.isDraining = false;
  sources.isInMaintenance = true;
  expect(health.ready()).toMatchObject({
    status: "fail",
    checks: [{}, { name: "maintenance", status: "fail" }, {}, {}],
  });
  expect([health.live().status, health.started().status]).toEqual(["ok", "ok"]);
});

test("audio that a required model needs and that cannot be decoded ends readiness, and says why", () => {
  const { health, sources } = healthOf([model("good", "")]);
  sources.audioProblem = "no decoder is installed";
  expect(health.ready().status).toBe("fail");
  expect(health.ready().checks).toContainEqual(
    expect.objectContaining({ name: "audio", status: "fail", detail: "no decoder is installed" }),
  );
  expect(health.live().status).toBe("ok");
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

interface Sources {
  models: LocalModel[];
  audioProblem: string | null;
  isDraining: boolean;
  isInMaintenance: boolean;
}

function healthOf(models: LocalModel[]): { health: Health; sources: Sources } {
  const sources: Sources = { models, audioProblem: null, isDraining: false, isInMaintenance: false };
  const health = new Health({
    models: () => sources.models,
    audioProblem: () => sources.audioProblem,
    audioSandbox: () => ["bubblewrap", "seccomp"],
    isDraining: () => sources.isDraining,
    isInMaintenance: () => sources.isInMaintenance,
  });
  return { health, sources };
}

test("the overview has the checks of readiness by name, and the sandbox", () => {
  const { health, sources } = healthOf([model("good", "")]);
  const { status, checks, sandbox } = health.overview();
  expect(status).toBe(health.ready().status);
  expect(Object.keys(checks)).toEqual(health.ready().checks.map(({ name }) => name));
  sources.audioProblem = "no decoder";
  expect(health.overview().checks["audio"]).toMatchObject({ status: "fail", detail: "no decoder" });
  expect(sandbox).toEqual(["bubblewrap", "seccomp"]);
});

/** What the health check asks of a model. */
function model(name: string, detail: string, isRequired = true): LocalModel {
  const fake = { identity: { name }, isRequired, stateDetail: () => detail };
  return fake as unknown as LocalModel;
}

function sinceOf(health: Health): string | undefined {
  return health.ready().checks.find(({ name }) => name === "model:one")?.since;
}
