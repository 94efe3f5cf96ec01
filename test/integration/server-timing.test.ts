import { writeFileSync } from "node:fs";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { ServiceProcess } from "../helpers/service-process.ts";

test("answers tell the times of the stages from the reload on that asks for it", async () => {
  await using service = await ServiceProcess.ready();
  const before = await service.classify(["Bonjour"]);
  expect(before.status).toBe(200);
  expect(before.headers.get("server-timing")).toBeNull();

  writeFileSync(service.settingsFile, stringify({ telemetry: { serverTiming: true } }));
  service.child.kill("SIGHUP");
  await service.logged(({ event }) => event === "config_reloaded");
  const after = await service.classify(["Bonjour"]);
  expect(after.headers.get("server-timing")).toMatch(
    /^queue;dur=[\d.]+, preprocess;dur=[\d.]+, inference;dur=[\d.]+, total;dur=[\d.]+$/,
  );
  const refused = await service.classify([" "]);
  expect(refused.status).toBe(400);
  expect(refused.headers.get("server-timing")).toMatch(/^total;dur=[\d.]+$/);
});
