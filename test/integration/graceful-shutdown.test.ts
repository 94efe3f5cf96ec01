import { chmodSync, existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { waitUntil } from "../helpers/process-facts.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const longText = "Le train de huit heures est en retard à cause de la neige. ".repeat(50);

test("SIGTERM finishes accepted work, refuses new work, takes the children along and exits with 0", async () => {
  await using service = await ServiceProcess.ready({ settings: { shutdown: { timeoutMs: 60_000 } } });
  const accepted = service.classify([longText, longText], { timeoutMs: 60_000 });
  await service.metricReaches("active_inference_requests", (active) => active === 1);
  const pids = service.inferencePids();
  service.child.kill("SIGTERM");
  const response = await accepted;
  expect(response.status).toBe(200);
  expect(await service.exited).toEqual({ exitCode: 0, signal: null });
  expect(pids.length).toBeGreaterThan(0);
  expect(pids.filter((pid) => existsSync(`/proc/${pid}`))).toEqual([]);
});

test("SIGTERM while models are being opened starts none of them and exits with 0", async () => {
  await using service = new ServiceProcess({ hears: true });
  await service.logged(({ event }) => event === "service_started");
  service.child.kill("SIGTERM");
  expect(await service.exited).toEqual({ exitCode: 0, signal: null });
  expect(service.log.filter(({ event }) => event === "process_started")).toEqual([]);
  expect(service.log.at(-1)?.event).toBe("service_stopped");
});

test("signals are heeded while the machine is still being looked at", async () => {
  using commands = new TemporaryFolder();
  const asked = join(commands.path, "asked");
  const driver = join(commands.path, "nvidia-smi");
  // It outlives the service, but not the test.
  writeFileSync(driver, `#!/bin/sh\ntouch ${asked}\nwhile [ -e ${asked} ]; do sleep 0.1; done\n`);
  chmodSync(driver, 0o755);
  await using service = new ServiceProcess({ environment: { PATH: `${commands.path}:${process.env["PATH"]}` } });
  await waitUntil(() => existsSync(asked), "the driver was asked");
  service.child.kill("SIGHUP");
  service.child.kill("SIGTERM");
  expect(await service.exited).toEqual({ exitCode: 0, signal: null });
});

test("readiness falls at the signal while requests are still served", async () => {
  await using service = await ServiceProcess.ready({
    settings: { shutdown: { readinessDelayMs: 1_500, timeoutMs: 60_000 } },
  });
  service.child.kill("SIGTERM");
  await service.logged(({ event }) => event === "service_draining");
  const probe = await fetch(`${service.url}/readyz?verbose=1`);
  const served = await service.classify(["Bonjour"]);
  expect(probe.status).toBe(503);
  expect(served.status).toBe(200);
  expect((await service.exited).exitCode).toBe(0);
});

test("what is not done in time is answered with draining, and logged", async () => {
  await using service = await ServiceProcess.ready({ settings: { shutdown: { timeoutMs: 500 } } });
  const accepted = service.classify(
    Array.from({ length: 32 }, () => longText.repeat(3)),
    { timeoutMs: 120_000 },
  );
  await service.metricReaches("active_inference_requests", (active) => active === 1);
  service.child.kill("SIGTERM");
  const response = await accepted;
  expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "draining" } }]);
  expect((await service.exited).exitCode).toBe(1);
  const line = service.log.find(({ event, route }) => event === "request_finished" && route === "/v1/classify");
  expect(line).toMatchObject({ status: 503, code: "draining" });
});

test("a second signal does not wait", async () => {
  await using service = await ServiceProcess.ready({ settings: { shutdown: { timeoutMs: 600_000 } } });
  const accepted = service
    .classify(
      Array.from({ length: 32 }, () => longText.repeat(3)),
      { timeoutMs: 120_000 },
    )
    .catch(() => null);
  await service.metricReaches("active_inference_requests", (active) => active === 1);
  service.child.kill("SIGTERM");
  await service.logged(({ event }) => event === "service_draining");
  service.child.kill("SIGTERM");
  expect((await service.exited).exitCode).toBe(1);
  expect(await accepted).toBeNull();
});
