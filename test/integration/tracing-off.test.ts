import { execFile } from "node:child_process";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Builds the service with this environment and prints the modules of OpenTelemetry that it has loaded. */
const program = `
  import { registerHooks } from "node:module";
  const loaded = new Set();
  registerHooks({
    load(url, context, next) {
      const name = /@opentelemetry\\/([^/]+)/.exec(url)?.[1];
      if (name !== undefined) loaded.add(name);
      return next(url, context);
    },
  });
  const { createService } = await import("./src/service.ts");
  await createService();
  console.log(JSON.stringify([...loaded]));
  process.exit(0);
`;

async function loadedWith(environment: Record<string, string>): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: root,
    env: { PATH: process.env["PATH"], PORT: "0", ...environment },
  });
  return JSON.parse(stdout.trim().split("\n").at(-1) ?? "");
}

test("without an endpoint nothing of OpenTelemetry is loaded but its API, by prom-client; with one its SDK is", async () => {
  expect(await loadedWith({})).toEqual(["api"]);
  expect(await loadedWith({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" })).toContain("sdk-trace");
});
