import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, onTestFinished, test } from "vitest";
import { chooseSandbox } from "../../src/processes/choose-sandbox.ts";
import { SecureSubprocess } from "../../src/processes/secure-subprocess.ts";
import { objectStorageBundle } from "../../src/secrets/object-storage.ts";
import { redisBundle } from "../../src/secrets/redis-url.ts";
import type { Secret } from "../../src/secrets/secret.ts";
import { takeSecretVariables } from "../../src/secrets/secret-variables.ts";
import { SecretsManager } from "../../src/secrets/secrets-manager.ts";
import { startInference } from "../helpers/fixture-process.ts";
import { fixtureProgram } from "../helpers/fixture-program.ts";
import { descendants } from "../helpers/process-facts.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";
import { MountedSecrets, storageFiles } from "../unit/secrets/mounted-secrets.ts";

const canary = "canary7d1e5a";
const url = `redis://:${canary}@127.0.0.1:6379`;
const environ = "/proc/self/environ";
const reports = { versionChanged: () => {}, rotationFailed: () => {} };

afterEach(() => {
  delete process.env["REDIS_URL"];
});

test("no child has a secret in its environment or command line: inference, sandboxed, or started with all of ours", async () => {
  process.env["REDIS_URL"] = url;
  expect(execFileSync("cat", [environ], { encoding: "utf8" })).toContain(canary);
  const variables = takeSecretVariables([redisBundle]);
  const manager = new SecretsManager({ redis: redisBundle }, { places: placesOf(variables), reports, overlapMs: 0 });
  expect(manager.require("redis").url.use((text) => text)).toBe(url);

  expect(execFileSync("cat", [environ], { encoding: "utf8" })).not.toContain(canary);
  await startInference().ready;
  const program = fixtureProgram("never-ends");
  const sandbox = await chooseSandbox([program.probe], "auto");
  const subprocess = new SecureSubprocess(sandbox, program, { input: "ignore", output: "pipe" });
  onTestFinished(() => subprocess.kill());
  await once(subprocess.readable(1), "data");

  const pids = descendants(process.pid, "");
  const seen = pids.map((pid) => ({ pid, text: textOf(pid, "cmdline") + textOf(pid, "environ") }));
  expect(seen.length).toBeGreaterThanOrEqual(2);
  expect(seen.some(({ text }) => text.includes("inference/main.ts"))).toBe(true);
  expect(seen.some(({ text }) => text.includes("never-ends"))).toBe(true);
  expect(seen.filter(({ text }) => text.includes(canary))).toEqual([]);
});

test("neither a crash's output nor its report has a secret that was taken; from one that was not, the report has it", () => {
  expect(crash(true)).toEqual({ status: 1, isInOutput: false, isInReport: false });
  expect(crash(false)).toEqual({ status: 1, isInOutput: false, isInReport: true });
});

test("while another process swaps versions as fast as it can, every version that is read is whole", async () => {
  using mounted = new MountedSecrets(storageFiles(1));
  const failures: string[] = [];
  const manager = new SecretsManager(
    { storage: objectStorageBundle },
    {
      places: { folder: mounted.path, files: {}, variables: new Map() },
      reports: { ...reports, rotationFailed: (_, reason) => void failures.push(reason) },
      overlapMs: 0,
    },
  );
  const writer = spawn(process.execPath, ["--input-type=module-typescript", "-e", swapper, mounted.path], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  onTestFinished(() => void writer.kill("SIGKILL"));
  const ended = once(writer, "exit");
  const seen = new Set<string>();
  const torn: string[] = [];
  while (writer.exitCode === null) {
    manager.look();
    const { accessKey, secretKey, bucket } = manager.require("storage");
    const numbers = [numberIn(accessKey), numberIn(secretKey), bucket.replaceAll(/\D/g, "")];
    seen.add(bucket);
    if (new Set(numbers).size > 1) {
      torn.push(numbers.join());
    }
    await nextTurn();
  }
  expect(await ended).toEqual([0, null]);
  manager.look();
  expect(manager.require("storage").bucket).toBe("bucket-2000");
  expect({ torn, failures }).toEqual({ torn: [], failures: [] });
  expect(seen.size).toBeGreaterThan(1);
});

/** A program that swaps 2,000 versions, as Kubernetes does. */
const swapper = `
  const { storageFiles, swapSecrets } = await import(${JSON.stringify(moduleUrl("../unit/secrets/mounted-secrets.ts"))});
  for (let number = 1; number <= 2_000; number++) {
    swapSecrets(process.argv[1], storageFiles(number));
  }
`;

/** A program that holds a secret and dies of an error that nobody catches. */
const crasher = `
  const { redisBundle } = await import(${JSON.stringify(moduleUrl("../../src/secrets/redis-url.ts"))});
  const { takeSecretVariables } = await import(${JSON.stringify(moduleUrl("../../src/secrets/secret-variables.ts"))});
  const taken = takeSecretVariables([redisBundle], process.argv[1] === "take" ? process.env : { ...process.env });
  throw Object.assign(new Error("lost " + taken.get("REDIS_URL"), { cause: taken }), { taken });
`;

function crash(takes: boolean): { status: number | null; isInOutput: boolean; isInReport: boolean } {
  using folder = new TemporaryFolder();
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      "--report-uncaught-exception",
      `--report-directory=${folder.path}`,
      "--input-type=module-typescript",
      "-e",
      crasher,
      takes ? "take" : "leave",
    ],
    { encoding: "utf8", env: { REDIS_URL: url } },
  );
  const texts = readdirSync(folder.path).map((file) => readFileSync(join(folder.path, file), "utf8"));
  expect(texts).toHaveLength(1);
  expect(stderr).toContain("lost [secret]");
  return {
    status,
    isInOutput: (stdout + stderr).includes(canary),
    isInReport: texts.some((text) => text.includes(canary)),
  };
}

function moduleUrl(path: string): string {
  return new URL(path, import.meta.url).href;
}

function placesOf(variables: ReadonlyMap<string, Secret>) {
  return { folder: null, files: {}, variables };
}

function numberIn(secret: Secret): string {
  return secret.use((text) => text.replaceAll(/\D/g, ""));
}

function textOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
