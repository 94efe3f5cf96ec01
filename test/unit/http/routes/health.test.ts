import { describe, expect, it } from "vitest";
import type { HealthReport } from "../../../../src/health/health-report.ts";
import { fakeApp, fakeFacts } from "../../../helpers/fake-app.ts";

const failing: HealthReport = {
  status: "fail",
  checks: [{ name: "models", status: "fail", detail: "loading", since: "2026-01-01T00:00:00.000Z" }],
};

describe("GET /health", () => {
  it("has the status of readiness, its checks, all facts, and the layers around audio", async () => {
    await using fake = await fakeApp();
    const well = await fake.app.inject("/health");
    expect({ status: well.statusCode, body: well.json() }).toEqual({
      status: 200,
      body: { status: "ok", checks: fakeFacts, readiness: fake.health.ready.checks, sandbox: ["prlimit"] },
    });
    fake.health.ready = failing;
    expect((await fake.app.inject("/health")).statusCode).toBe(503);
  });
});

describe.each([
  ["/livez", "live"],
  ["/readyz", "ready"],
  ["/startupz", "started"],
] as const)("GET %s", (path, name) => {
  it("answers 200 when all is well and 503 when not", async () => {
    await using fake = await fakeApp();
    const well = await fake.app.inject(path);
    expect({ status: well.statusCode, body: well.json() }).toEqual({ status: 200, body: { status: "ok" } });
    fake.health[name] = failing;
    const ill = await fake.app.inject(path);
    expect({ status: ill.statusCode, body: ill.json() }).toEqual({ status: 503, body: { status: "fail" } });
  });

  it("shows its checks when asked to be verbose", async () => {
    await using fake = await fakeApp();
    fake.health[name] = failing;
    expect((await fake.app.inject(`${path}?verbose=1`)).json()).toEqual(failing);
    expect((await fake.app.inject(`${path}?verbose=0`)).json()).toEqual({ status: "fail" });
    expect((await fake.app.inject(`${path}?verbose`)).json()).toEqual(failing);
  });

  it("answers while the service drains and while it is under maintenance", async () => {
    await using fake = await fakeApp({ service: { maintenance: true } });
    fake.state = "draining";
    expect((await fake.app.inject(path)).statusCode).toBe(200);
  });
});
