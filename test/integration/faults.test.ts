import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { crashing, hanging } from "../fixtures/plugins/triggers.ts";
import { ServiceProcess } from "../helpers/service-process.ts";

const harmless = "Quel temps magnifique ce matin !";

test("a run stuck in native code costs its own request a 504 at its deadline; others are answered meanwhile", async () => {
  await using service = await ServiceProcess.ready({
    model: { instances: 1, spares: 1, plugins: ["test/fixtures/plugins/hangs-on-token.ts"] },
  });
  const stuck = service.classify([hanging.text], { timeoutMs: 200 });
  await service.logged(({ event, line }) => event === "process_output" && line === "hanging");
  const response = await stuck;
  expect(response.status).toBe(504);
  expect(response.headers.get("x-should-retry")).toBe("false");
  const other = await service.classify([harmless]);
  expect(other.status).toBe(200);
  const exit = await service.logged(({ event }) => event === "process_exited");
  expect(exit).toMatchObject({ reason: "no_progress", was_ready: true, signal: "SIGKILL" });
});

test("a poisoned text fails alone; those that share its batch get their scores", async () => {
  await using service = await ServiceProcess.ready({
    model: { instances: 1, spares: 1, plugins: ["test/fixtures/plugins/crashes-on-token.ts"] },
  });
  const texts = Array.from({ length: 12 }, (_, index) => (index === 6 ? crashing.text : harmless));
  const responses = await Promise.all(texts.map((text) => service.classify([text])));
  expect(responses.map(({ status }) => status)).toEqual(texts.map((text) => (text === crashing.text ? 500 : 200)));
  expect(await responses[6]?.json()).toMatchObject({ error: { code: "inference_process_crashed", param: null } });
  // The line of the second exit may be on its way still.
  await expect.poll(() => service.log.filter(({ event }) => event === "process_exited").length).toBe(2);
});

test("a model that answers NaN is an invalid prediction: the numbers are logged, the text is not", async () => {
  // It never gets ready, but takes requests.
  await using service = new ServiceProcess({ model: { plugins: ["test/fixtures/plugins/returns-nan.ts"] } });
  await service.logged(({ event, result }) => event === "canary_finished" && result === "invalid");
  const response = await service.classify([harmless]);
  const line = await service.logged(({ event, status }) => event === "request_finished" && status === 500);
  expect(response.status).toBe(500);
  expect(await response.json()).toMatchObject({ error: { code: "invalid_prediction", type: "server_error" } });
  expect(line["facts"]).toMatchObject({ logits: ["NaN", "NaN"] });
  expect(JSON.stringify(service.log)).not.toContain("magnifique");
});

test("a model that cannot start opens the circuit: 503 with a wait, not ready, still live", async () => {
  await using service = new ServiceProcess({
    settings: { processes: { giveUpAfterFailures: 2, backoffInitialMs: 1, backoffMaxMs: 1 } },
    model: { plugins: ["test/fixtures/plugins/fails-to-load.ts"] },
  });
  await service.logged(({ event, state }) => event === "model_state_changed" && state === "circuit_open");
  const response = await service.classify([harmless]);
  expect(response.status).toBe(503);
  expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(1);
  expect(await response.json()).toMatchObject({ error: { code: "circuit_open" } });
  expect((await fetch(`${service.url}/readyz`)).status).toBe(503);
  expect((await fetch(`${service.url}/startupz`)).status).toBe(503);
  expect((await fetch(`${service.url}/livez`)).status).toBe(200);
});

test("a full queue refuses at once with a wait, and what was accepted is answered", async () => {
  await using service = await ServiceProcess.ready({ settings: { scheduler: { maxQueueSize: 4 } } });
  const long = "Le train de huit heures est en retard à cause de la neige. ".repeat(20);
  const responses = await Promise.all(Array.from({ length: 24 }, () => service.classify([long])));
  const refused = responses.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(responses.filter(({ status }) => status === 200).length).toBe(responses.length - refused.length);
  for (const response of refused) {
    expect(Number(response.headers.get("retry-after"))).toBeGreaterThanOrEqual(1);
    expect(Number(response.headers.get("retry-after-ms"))).toBeGreaterThan(0);
    expect(await response.json()).toMatchObject({ error: { code: "overloaded", type: "server_error" } });
  }
});

test("a changed settings file is taken over by SIGHUP; a wrong one changes nothing and is told", async () => {
  await using service = await ServiceProcess.ready();
  writeFileSync(service.settingsFile, "service: { maintenance: true }\n");
  service.child.kill("SIGHUP");
  await service.logged(({ event }) => event === "config_reloaded");
  const refused = await service.classify([harmless]);
  expect(refused.status).toBe(503);
  expect(await refused.json()).toMatchObject({ error: { code: "maintenance" } });
  writeFileSync(service.settingsFile, "service: { maintenance: perhaps }\nserver: { port: 1 }\n");
  service.child.kill("SIGHUP");
  const { problems } = await service.logged(({ event }) => event === "config_rejected");
  expect(JSON.stringify(problems)).toContain("service.maintenance");
  writeFileSync(service.settingsFile, "service: { maintenance: false }\n");
  const before = service.log.length;
  service.child.kill("SIGHUP");
  await service.logged(({ event }) => event === "config_reloaded", before);
  expect((await service.classify([harmless])).status).toBe(200);
});
