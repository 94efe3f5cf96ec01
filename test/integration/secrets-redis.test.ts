import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { renameSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { Redis } from "ioredis";
import { expect, onTestFinished, test } from "vitest";
import { redisBundle } from "../../src/secrets/redis-url.ts";
import { SecretsManager } from "../../src/secrets/secrets-manager.ts";
import { waitUntil } from "../helpers/process-facts.ts";
import { missingRedis, redisServerPath } from "../helpers/redis-server.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

/** Errors show as rejections of what was asked, at once. */
const options = { lazyConnect: true, maxRetriesPerRequest: 0, retryStrategy: () => null, enableReadyCheck: false };

test.skipIf(missingRedis !== null)(
  "a password of Redis rotates under load without a failed command, and a wrong one changes nothing",
  async () => {
    using folder = new TemporaryFolder();
    const port = await startRedis(folder.path);
    const publish = (password: string): void => {
      const file = folder.write("temporary", `redis://:${password}@127.0.0.1:${port}`);
      renameSync(file, join(folder.path, "redis-url"));
    };
    const admin = connectTo(`redis://127.0.0.1:${port}`);
    await admin.call("ACL", "SETUSER", "default", "resetpass", ">password-0");
    publish("password-0");
    const failures: string[] = [];
    const manager = new SecretsManager(
      { redis: redisBundle },
      {
        places: { folder: folder.path, files: {}, variables: new Map() },
        reports: { versionChanged: () => {}, rotationFailed: (_, reason) => void failures.push(reason) },
        overlapMs: 60_000,
      },
    );
    manager.watch();
    onTestFinished(() => manager.close());

    const dependant = { client: manager.require("redis").url.use(connectTo), switches: 0 };
    manager.onRotation("redis", async ({ url }) => {
      const next = url.use(connectTo);
      await next.ping();
      const old = dependant.client;
      dependant.client = next;
      dependant.switches++;
      // Answers what it was asked before it goes.
      await old.quit();
    });
    const load = { isOver: false, answers: 0, errors: [] as string[] };
    const ask = async (): Promise<void> => {
      while (!load.isOver) {
        await dependant.client.incr("count").then(
          () => load.answers++,
          (error: unknown) => load.errors.push(String(error)),
        );
      }
    };
    const clients = Array.from({ length: 5 }, ask);

    for (let rotation = 1; rotation <= 10; rotation++) {
      await admin.call("ACL", "SETUSER", "default", `>password-${rotation}`);
      publish(`password-${rotation}`);
      await waitUntil(() => dependant.switches === rotation, "the dependant has switched");
      await admin.call("ACL", "SETUSER", "default", `<password-${rotation - 1}`);
    }
    await expect(connectTo(`redis://:password-9@127.0.0.1:${port}`).ping()).rejects.toThrow(/NOAUTH|WRONGPASS|closed/);
    publish("canary");
    await waitUntil(() => failures.length > 0, "the wrong password was tried");
    const answersBefore = load.answers;
    await waitUntil(() => load.answers > answersBefore + 100, "commands are answered as before");
    load.isOver = true;
    await Promise.all(clients);
    expect(load.errors).toEqual([]);
    expect({ failures, switches: dependant.switches }).toEqual({ failures: ["subscriber"], switches: 10 });
    expect(Number(await dependant.client.get("count"))).toBe(load.answers);
  },
);

function connectTo(url: string): Redis {
  const client = new Redis(url, options);
  // Told by the rejection of what was asked too.
  client.on("error", () => {});
  onTestFinished(() => client.disconnect());
  return client;
}

/** Returns its port. */
async function startRedis(folder: string): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  const settings = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder];
  const server: ChildProcess = spawn(redisServerPath ?? "", settings, { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => void server.kill("SIGKILL"));
  let output = "";
  server.stdout?.on("data", (chunk: Buffer) => {
    output += chunk.toString();
  });
  await waitUntil(() => output.includes("Ready to accept connections"), "Redis is ready");
  return port;
}
