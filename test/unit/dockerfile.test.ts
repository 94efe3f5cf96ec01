import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";

/** Alive on `/livez`, and nowhere else. */
const server = createServer(({ url }, response) => response.writeHead(url === "/livez" ? 200 : 404).end());
let port = "";

beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  port = String((server.address() as AddressInfo).port);
});

afterAll(() => {
  server.close();
});

test("the health check of the image finds the service by either variable, the long one first", async () => {
  expect(await healthCheck({ PORT: port })).toBe(0);
  expect(await healthCheck({ SERVICE__SERVER__PORT: port, PORT: "1" })).toBe(0);
  expect(await healthCheck({ SERVICE__SERVER__PORT: " ", PORT: ` ${port} ` })).toBe(0);
  expect(await healthCheck({ SERVICE__SERVER__PORT: "1", PORT: port })).toBe(1);
});

/** Exit code of the Dockerfile's HEALTHCHECK in this environment. */
function healthCheck(env: Readonly<Record<string, string>>): Promise<number | null> {
  const command = /^HEALTHCHECK .*\\\n +CMD (\[.*\])$/m.exec(
    readFileSync(join(projectRoot, "Dockerfile"), "utf8"),
  )?.[1];
  const [, ...parameters] = JSON.parse(command ?? "") as string[];
  return new Promise((resolve) => {
    const child = execFile(process.execPath, parameters, { env }, () => resolve(child.exitCode));
  });
}
