import { execFile } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect, test } from "vitest";
import { addKey, rotateKey } from "../../src/admission/keys/change-keys.ts";
import { apiKeysBundle } from "../../src/admission/keys/key-bundle.ts";
import { changeKeyFile, readKeyFile } from "../../src/admission/keys/key-file.ts";
import type { KeyRecords } from "../../src/admission/keys/key-records.ts";
import { verifyFreshKey } from "../../src/admission/keys/verify-fresh-key.ts";
import { verifyKey } from "../../src/admission/keys/verify-key.ts";
import { projectRoot } from "../../src/config/load-config.ts";
import { runKeysCommand } from "../../src/keys.ts";
import { Secret } from "../../src/secrets/secret.ts";
import { SecretsManager } from "../../src/secrets/secrets-manager.ts";
import { TemporaryFolder } from "../helpers/temporary-folder.ts";

const run = promisify(execFile);
const day = 86_400_000;
const start = Date.parse("2027-01-01T00:00:00Z");

test("the command makes a key, prints it once and alone, and stores what verifies it and no more", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "keys");
  const { stdout, stderr } = await keys(
    "create",
    "--client",
    "acme",
    "--scopes",
    "classify,transcribe",
    "--file",
    file,
  );
  expect(stdout).toMatch(/^gk_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}\n$/);
  expect(stderr).toContain("This key of acme is shown once.");
  const key = new Secret(stdout.trim());
  expect(verifyKey(key, readKeyFile(file), Date.now())).toMatchObject({
    client: "acme",
    scopes: ["classify", "transcribe"],
    tier: "default",
  });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readdirSync(folder.path)).toEqual(["keys"]);
  expect(readFileSync(file, "utf8")).not.toContain(stdout.slice(16, 59));

  const list = await keys("list", "--file", file);
  expect(list.stdout).toContain("acme    classify,transcribe  default");
  const hash = /"hash": "([0-9a-f]{64})"/.exec(readFileSync(file, "utf8"))?.[1] ?? "no hash";
  expect(list.stdout).not.toContain(hash);
});

test("commands that run at once all take effect", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "keys");
  const clients = ["a", "b", "c", "d", "e", "f"];
  await Promise.all(clients.map((client) => keys("create", "--client", client, "--scopes", "metrics", "--file", file)));
  const found = [...readKeyFile(file).values()].map(({ client }) => client);
  expect(found.toSorted()).toEqual(clients);
});

test("a mistake is told without what was typed, and changes nothing", async () => {
  using folder = new TemporaryFolder();
  const file = folder.write("keys", '{"format":1,"keys":[]}');
  const key = "gk_AAAAAAAAAAAA_canary";
  for (const words of [["revoke", key], ["rotate", key], ["create", "--client", key, "--key", key], [key]]) {
    const failure = keys(...words, "--file", file);
    await expect(failure).rejects.toMatchObject({ code: 1, stdout: "", stderr: expect.not.stringContaining("canary") });
  }
  expect(readFileSync(file, "utf8")).toBe('{"format":1,"keys":[]}');
});

test.each<[string[], string]>([
  [["create", "--client", "a b", "--scopes", "classify"], "--client must be 1 to 64 letters"],
  [["create", "--client", "a", "--scopes", "classify,root"], "--scopes must be a list of classify"],
  [["create", "--client", "a", "--scopes", ""], "--scopes must be a list of classify"],
  [["create", "--client", "a", "--scopes", "admin", "--tier", "-"], "--tier must be 1 to 64"],
  [["create", "--client", "a", "--scopes", "admin", "--expires", "soon"], "--expires must be a duration"],
  [["rotate", "A", "--overlap", "1y"], "--overlap must be a duration"],
  [["list"], "is not there; `npm run keys -- create` makes it"],
  [["revoke", "A"], "is not there"],
  [["remove"], "Usage: npm run keys"],
  [[], "Usage: npm run keys"],
])("%j is refused: %s", async (words, message) => {
  using folder = new TemporaryFolder();
  await expect(runKeysCommand([...words, "--file", join(folder.path, "keys")], start)).rejects.toThrow(message);
  expect(readdirSync(folder.path)).toEqual([]);
});

test("without a file the command says how it is used", async () => {
  await expect(runKeysCommand(["list"], start)).rejects.toThrow("Name the file of key records with --file.");
});

test("a rotated key works on for the overlap, a revoked one does not", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "keys");
  const options = ["--client", "acme", "--scopes", "admin", "--tier", "gold", "--expires", "90d", "--file", file];
  const { key: first } = await runKeysCommand(["create", ...options], start);
  const id = [...readKeyFile(file).keys()][0] ?? "";
  const { key: second, text } = await runKeysCommand(["rotate", id, "--overlap", "24h", "--file", file], start);
  expect(text).toBe("This new key of acme is shown once. The old one works until 2027-01-02T00:00:00Z.");
  const verdicts = (now: number) =>
    [first, second].map((key) => verifyKey(key ?? new Secret(""), readKeyFile(file), now));
  const acme = { client: "acme", keyId: id, scopes: ["admin"], tier: "gold" };
  expect(verdicts(start + day - 1)).toEqual([acme, acme]);
  expect(verdicts(start + day)).toEqual([{ reason: "expired" }, acme]);
  expect(verdicts(start + 90 * day)).toEqual([{ reason: "expired" }, { reason: "expired" }]);
  const list = await runKeysCommand(["list", "--file", file], start);
  expect(list.text.split("\n")[1]).toBe(
    `${id}  acme    admin   gold  2027-01-01T00:00:00Z  2027-04-01T00:00:00Z  2027-01-02T00:00:00Z`,
  );
  await runKeysCommand(["revoke", id, "--file", file], start);
  expect(verdicts(start)).toEqual([{ reason: "unknown" }, { reason: "unknown" }]);
});

test("more rotations than there is room for are refused until an overlap ends", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "keys");
  await runKeysCommand(["create", "--client", "acme", "--scopes", "admin", "--file", file], start);
  const id = [...readKeyFile(file).keys()][0] ?? "";
  const rotate = (now: number) => runKeysCommand(["rotate", id, "--overlap", "10s", "--file", file], now);
  for (let rotation = 0; rotation < 3; rotation++) {
    await rotate(start);
  }
  await expect(rotate(start)).rejects.toThrow("4 keys of this id are valid already");
  await expect(rotate(start + 10_000)).resolves.toMatchObject({ key: expect.any(Secret) });
});

test("a key that is rotated every second for a minute, under load, is never refused; each old one dies on time", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "keys");
  const created = await changeKeyFile(file, (records) =>
    addKey(records, { client: "acme", scopes: ["classify"], tier: "default", expiresAt: null }, start),
  );
  const manager = new SecretsManager(
    { apiKeys: apiKeysBundle },
    {
      places: { folder: null, files: { "api-keys": file }, variables: new Map() },
      reports: { versionChanged: () => {}, rotationFailed: (bundle) => void refusals.push(`${bundle} failed`) },
      overlapMs: 0,
    },
  );
  manager.watch();
  // The clock of the keys stands still between rotations, so that a slow machine refuses nobody.
  let now = start;
  const source = {
    records: (): KeyRecords => manager.require("apiKeys"),
    refresh: () => manager.refresh(),
    now: () => now,
  };
  const refusals: string[] = [];
  let valid = [created.key];
  const load = { isOver: false };
  let answers = 0;
  const ask = async (): Promise<void> => {
    while (!load.isOver) {
      for (const key of valid) {
        const verdict = await verifyFreshKey(key, source);
        answers++;
        // One that died while fresh records were waited for was refused rightly.
        if ("reason" in verdict && valid.includes(key)) {
          refusals.push(verdict.reason);
        }
      }
      await new Promise(setImmediate);
    }
  };
  const clients = Array.from({ length: 10 }, ask);
  for (let second = 1; second <= 60; second++) {
    const change = await changeKeyFile(file, (records) => {
      const rotated = rotateKey(records, records.get(created.record.id) ?? created.record, 1_500, now);
      if (rotated === null) {
        throw new Error("there was no room");
      }
      return rotated;
    });
    const [newest = created.key, dead] = valid;
    // Used the moment it is known.
    valid = [change.key, newest];
    expect(await verifyFreshKey(change.key, source)).toMatchObject({ client: "acme" });
    await new Promise(setImmediate);
    now += 1_000;
    if (dead !== undefined) {
      expect(verifyKey(dead, manager.require("apiKeys"), now)).toHaveProperty("reason");
    }
  }
  load.isOver = true;
  await Promise.all(clients);
  manager.close();
  expect(refusals).toEqual([]);
  expect(answers).toBeGreaterThan(60);
});

async function keys(...words: string[]): Promise<{ stdout: string; stderr: string }> {
  return run(process.execPath, ["src/keys.ts", ...words], { cwd: projectRoot });
}

test("an id that has expired gets no new key", async () => {
  using folder = new TemporaryFolder();
  const file = join(folder.path, "keys");
  await keys("create", "--client", "acme", "--scopes", "classify", "--expires", "1d", "--file", file);
  const [id = ""] = readKeyFile(file).keys();
  const args = ["rotate", id, "--overlap", "1h", "--file", file];
  await expect(runKeysCommand(args, Date.now() + 2 * day)).rejects.toThrow("This id has expired");
  expect((await runKeysCommand(args, Date.now())).key).not.toBeNull();
});
