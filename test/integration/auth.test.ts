import { spawnSync } from "node:child_process";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { expect, test } from "vitest";
import { stringify } from "yaml";
import { rotateKey } from "../../src/admission/keys/change-keys.ts";
import { formatKeyRecords } from "../../src/admission/keys/key-records.ts";
import { listKey } from "../helpers/api-keys.ts";
import { descendants } from "../helpers/process-facts.ts";
import { ServiceProcess } from "../helpers/service-process.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const root = resolve(import.meta.dirname, "../..");
const canary = "canary9f27c1";

test("on the loopback interface nobody needs a key, and the log says so", async () => {
  await using service = await ServiceProcess.ready();
  expect((await service.classify(["Bonjour"])).status).toBe(200);
  const line = await service.logged(({ event }) => event === "auth_disabled");
  expect(line).toMatchObject({ level: "warn", reason: "no_keys", address: service.url });
});

test("on any other address the service starts with keys, or with auth.mode: none, and not without", async () => {
  using folder = new TemporaryFolder();
  const refused = start({ HOST: "0.0.0.0" });
  expect(refused.status).toBe(1);
  expect(refused.stderr).toMatch(/others can reach 0\.0\.0\.0.*npm run keys.*auth\.mode: none/);
  expect(refused.stdout).not.toContain("service_started");

  await using open = new ServiceProcess({ settings: { auth: { mode: "none" } }, environment: { HOST: "0.0.0.0" } });
  expect(await open.logged(({ event }) => event === "auth_disabled")).toMatchObject({ reason: "mode_none" });
  writeFileSync(open.settingsFile, stringify({ auth: { mode: "auto" } }));
  const rejected = await open.logged(({ event }) => event === "config_rejected");
  expect(rejected["problems"]).toEqual([expect.stringContaining("others can reach 0.0.0.0")]);

  const keysFile = folder.write("keys.json", formatKeyRecords(listKey().records));
  await using guarded = new ServiceProcess({ environment: { HOST: "0.0.0.0", SERVICE__AUTH__KEYS_FILE: keysFile } });
  await guarded.logged(({ event }) => event === "service_started");
  expect(guarded.log.map(({ event }) => event)).not.toContain("auth_disabled");
  expect((await fetch(`${guarded.url.replace("0.0.0.0", "127.0.0.1")}/v1/models`)).status).toBe(401);
});

test("secrets that cannot be used stop the start with a message that names no place; check-config names it", () => {
  using folder = new TemporaryFolder();
  folder.write("redis-url", `http://:${canary}@127.0.0.1`);
  const environment = { SERVICE__SECRETS__FOLDER: folder.path };
  const refused = start(environment);
  expect(refused.status).toBe(1);
  expect(refused.stderr).toContain("Redis configuration is not valid; npm run check-config tells more.");
  expect(refused.stdout + refused.stderr).not.toContain(folder.path);
  const checked = run("src/check-config.ts", environment);
  expect(checked.status).toBe(1);
  expect(checked.stderr).toContain(join(folder.path, "redis-url"));
  for (const { stdout, stderr } of [refused, checked]) {
    expect(stdout + stderr).not.toContain(canary);
  }
});

test("keys work, rotate and end without a restart, and no byte of them is seen anywhere", async () => {
  using folder = new TemporaryFolder();
  const metrics = listKey({ client: "prometheus", scopes: ["metrics"] });
  const first = listKey({ client: "first", scopes: ["classify"] }, metrics.records);
  const publish = (text: string): void => renameSync(folder.write("next", text), join(folder.path, "api-keys"));
  publish(formatKeyRecords(first.records));
  await using service = await ServiceProcess.ready({
    settings: { log: { level: "trace" } },
    environment: {
      SERVICE__SECRETS__FOLDER: folder.path,
      REDIS_URL: `redis://:${canary}@127.0.0.1:1`,
    },
  });
  const ask = (key: string, path = "/v1/models"): Promise<Response> =>
    fetch(`${service.url}${path}`, { headers: { authorization: `Bearer ${key}` } });

  expect((await ask(first.key)).status).toBe(200);
  expect((await ask(first.key, "/metrics")).status).toBe(403);
  const refusal = await ask(`${first.key}x`);
  expect(refusal.status).toBe(401);
  const errors = [await refusal.text(), await (await ask(canary)).text()];

  const second = listKey({ client: "second", scopes: ["classify"] }, metrics.records);
  publish(formatKeyRecords(second.records));
  expect((await ask(second.key)).status).toBe(200);
  expect((await ask(first.key)).status).toBe(401);

  publish("no list of keys");
  service.child.kill("SIGHUP");
  await service.logged(({ event, reason }) => event === "secret_rotation_failed" && reason === "invalid");
  expect((await ask(second.key)).status).toBe(200);

  const text = await (await ask(metrics.key, "/metrics")).text();
  expect(text).toContain('secret_version_info{bundle="api_keys",version="2"} 1');
  expect(text).not.toContain('secret_version_info{bundle="api_keys",version="1"}');
  expect(text).toMatch(/secret_rotation_failures_total\{bundle="api_keys",reason="invalid"\} [1-9]/);
  expect(text).toContain("rate_limit_store_shared 0");

  const pids = descendants(service.child.pid ?? 0, "");
  expect(pids.length).toBeGreaterThan(0);
  const children = pids.map((pid) => textOf(pid, "cmdline") + textOf(pid, "environ")).join("\n");
  const seen = [JSON.stringify(service.log), errors.join(), text, children, textOf(service.child.pid ?? 0, "cmdline")];
  const hashes = [...second.record.versions].map(({ hash }) => hash.toText());
  for (const secret of [first.key, second.key, metrics.key, canary, ...hashes]) {
    expect(seen.map((each) => each.includes(secret))).toEqual([false, false, false, false, false]);
  }
  expect(service.log.some((line) => line["client_id"] === "second")).toBe(true);
});

test("a key that rotates under load is never refused, and the one before it is dead when the overlap ends", async () => {
  using folder = new TemporaryFolder();
  const publish = (text: string): void => renameSync(folder.write("next", text), join(folder.path, "api-keys"));
  const listed = listKey();
  publish(formatKeyRecords(listed.records));
  await using service = await ServiceProcess.ready({
    environment: { SERVICE__SECRETS__FOLDER: folder.path, SERVICE__RATE_LIMIT__ENABLED: "false" },
  });
  const statusOf = async (key: string): Promise<number> => {
    const response = await fetch(`${service.url}/v1/models`, { headers: { "x-api-key": key } });
    await response.arrayBuffer();
    return response.status;
  };
  // Far longer than a request may wait between choosing its key and being checked, on a busy machine too.
  const overlapMs = 4_500;
  const load = { key: listed.key, isOver: false, statuses: [] as number[] };
  const client = async (): Promise<void> => {
    while (!load.isOver) {
      load.statuses.push(await statusOf(load.key));
    }
  };
  const clients = Array.from({ length: 8 }, client);
  let { records, record } = listed;
  let previous = listed.key;
  let rotatedAt = 0;
  for (let turn = 0; turn < 4; turn++) {
    rotatedAt = Date.now();
    const change = rotateKey(records, record, overlapMs, rotatedAt);
    if (change === null) {
      throw new Error("There is no room for one more version.");
    }
    ({ records, record } = change);
    publish(formatKeyRecords(records));
    previous = load.key;
    load.key = change.key.use((text) => text);
    await sleep(1_600);
  }
  load.isOver = true;
  await Promise.all(clients);
  expect(load.statuses.length).toBeGreaterThan(100);
  expect(load.statuses.filter((status) => status !== 200)).toEqual([]);
  await sleep(rotatedAt + overlapMs - Date.now());
  expect([await statusOf(previous), await statusOf(load.key)]).toEqual([401, 200]);
});

/** Starts the service and waits for its end. */
function start(environment: Record<string, string>) {
  return run("src/main.ts", { PORT: "0", ...environment });
}

function run(program: string, environment: Record<string, string>) {
  const env = { PATH: process.env["PATH"], ...environment };
  return spawnSync(process.execPath, [program], { cwd: root, env, encoding: "utf8", timeout: 30_000 });
}

function textOf(pid: number, name: string): string {
  try {
    return readFileSync(`/proc/${pid}/${name}`, "utf8");
  } catch {
    // It has ended meanwhile.
    return "";
  }
}
