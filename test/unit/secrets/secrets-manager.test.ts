import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, expect, test } from "vitest";
import { type ObjectStorageSecrets, objectStorageBundle } from "../../../src/secrets/object-storage.ts";
import { redisBundle } from "../../../src/secrets/redis-url.ts";
import { Secret } from "../../../src/secrets/secret.ts";
import type { SecretPlaces } from "../../../src/secrets/secret-places.ts";
import { SecretsError } from "../../../src/secrets/secrets-error.ts";
import { SecretsManager } from "../../../src/secrets/secrets-manager.ts";
import { waitUntil } from "../../helpers/process-facts.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { MountedSecrets, storageFiles } from "./mounted-secrets.ts";

const bundles = { storage: objectStorageBundle, redis: redisBundle };
const nowhere: SecretPlaces = { folder: null, files: {}, variables: new Map() };
const overlapMs = 60_000;
const managers: SecretsManager<typeof bundles>[] = [];

afterEach(() => managers.splice(0).forEach((manager) => manager.close()));

test("what is not set anywhere is null, and required it is incomplete", () => {
  const { manager, reports } = open(nowhere);
  expect(manager.current("storage")).toBeNull();
  expect(() => manager.require("redis")).toThrow(/^Redis configuration is incomplete$/);
  expect(reports).toEqual([]);
});

test("secrets come from variables and from files, by the same rules", () => {
  using folder = new TemporaryFolder();
  const file = folder.write("redis", "redis://cache");
  const { manager, reports } = open({ ...nowhere, files: { "redis-url": file }, variables: asVariables(1) });
  expect(bucketOf(manager)).toBe("bucket-1");
  expect(manager.require("redis").url.use((url) => url)).toBe("redis://cache");
  expect(reports).toEqual(["object_storage 1", "redis 1"]);
  expect(manager.warnings).toEqual([
    { key: "redis.url", source: file, message: expect.stringContaining("is readable by others") },
  ]);
  const text = `ACCESS${" ".repeat(20)}`;
  const message = "must have no white space around it; look for a line break at its end";
  const variables = new Map([...asVariables(1), ["OBJECT_STORAGE_ACCESS_KEY", new Secret(text)]]);
  expect(problemsOf({ ...nowhere, variables })[0]).toMatchObject({ source: "OBJECT_STORAGE_ACCESS_KEY", message });
  using mounted = new MountedSecrets({ ...storageFiles(1), "object-storage-access-key": text });
  expect(problemsOf({ ...nowhere, folder: mounted.path })[0]).toMatchObject({ message });
});

test("what is wrong is told in general to all, and by place to the operator, never by value", () => {
  using mounted = new MountedSecrets({ "object-storage-bucket": "canary..bucket", "redis-url": "http://canary" });
  const error = errorOf({ ...nowhere, folder: mounted.path });
  expect(error.message).toBe("object storage configuration is incomplete; Redis configuration is not valid");
  expect(error.problems.map(({ key, source }) => [key, source])).toEqual([
    ["object_storage.accessKey", expect.stringMatching(/object-storage-access-key or OBJECT_STORAGE_ACCESS_KEY$/)],
    ["object_storage.secretKey", expect.stringMatching(/object-storage-secret-key or OBJECT_STORAGE_SECRET_KEY$/)],
    ["object_storage.bucket", expect.stringMatching(/object-storage-bucket$/)],
    ["object_storage.endpoint", expect.stringMatching(/object-storage-endpoint or OBJECT_STORAGE_ENDPOINT$/)],
    ["redis.url", expect.stringMatching(/redis-url$/)],
  ]);
  const everything = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error.problems);
  expect(everything).not.toContain("canary");
  expect(inspect(error, { depth: 9, showHidden: true })).not.toMatch(/OBJECT_STORAGE|redis-url/);
});

test("a secret in two places is refused, and so is a named file that is not there", () => {
  using mounted = new MountedSecrets({ "redis-url": "redis://cache" });
  const variables = new Map([["REDIS_URL", new Secret("redis://cache")]]);
  expect(problemsOf({ ...nowhere, folder: mounted.path, variables })).toEqual([
    {
      key: "redis.url",
      source: expect.stringMatching(/redis-url$/),
      message: "is set here and in REDIS_URL; which one counts cannot be told",
    },
  ]);
  expect(problemsOf({ ...nowhere, files: { "redis-url": "/nowhere/redis" } })).toEqual([
    { key: "redis.url", source: "/nowhere/redis", message: "is not there, though a setting names it" },
  ]);
});

test("a swapped link brings a new version at the next look, whole, and the old one lasts for the overlap", () => {
  using mounted = new MountedSecrets(storageFiles(1));
  const { manager, reports, clock } = open({ ...nowhere, folder: mounted.path });
  const before = manager.require("storage");
  mounted.update(storageFiles(2));
  expect(manager.current("storage")).toBe(before);
  manager.look();
  expect(numbersIn(manager.require("storage"))).toEqual(["2", "2", "2"]);
  expect(manager.previous("storage")).toBe(before);
  clock.now += overlapMs - 1;
  expect(manager.previous("storage")).toBe(before);
  clock.now += 1;
  expect(manager.previous("storage")).toBeNull();
  expect(reports).toEqual(["object_storage 1", "object_storage 2"]);
});

test("a swap to the same contents is no rotation", () => {
  using mounted = new MountedSecrets(storageFiles(1));
  const { manager, reports } = open({ ...nowhere, folder: mounted.path });
  const before = manager.current("storage");
  mounted.update(storageFiles(1));
  manager.look();
  expect(manager.current("storage")).toBe(before);
  expect(reports).toEqual(["object_storage 1"]);
});

test("a version that is wrong, cut or gone changes nothing, is counted once, and the next good one is taken", () => {
  using mounted = new MountedSecrets(storageFiles(1));
  const { manager, reports, clock } = open({ ...nowhere, folder: mounted.path });
  const before = manager.current("storage");
  for (const files of [{ ...storageFiles(2), "object-storage-bucket": "B" }, { "object-storage-bucket": "cut" }, {}]) {
    mounted.update(files);
    manager.look();
    clock.now += 250;
    manager.look();
    manager.look();
    expect(manager.current("storage")).toBe(before);
  }
  mounted.update(storageFiles(3));
  manager.look();
  expect(bucketOf(manager)).toBe("bucket-3");
  expect(reports.slice(1)).toEqual([
    "object_storage invalid",
    "object_storage invalid",
    "object_storage missing",
    "object_storage 2",
  ]);
});

test("files of one bundle that are replaced one after the other are read when they have settled", () => {
  using folder = new TemporaryFolder();
  const replace = (name: string, text: string): void => {
    renameSync(folder.write("temporary", text), join(folder.path, name));
  };
  Object.entries(storageFiles(1)).forEach(([name, text]) => replace(name, text));
  const { manager, reports, clock } = open({ ...nowhere, folder: folder.path });
  for (const [name, text] of Object.entries(storageFiles(2))) {
    replace(name, text);
    manager.look();
    expect(bucketOf(manager)).toBe("bucket-1");
    clock.now += 249;
  }
  manager.look();
  expect(bucketOf(manager)).toBe("bucket-1");
  clock.now += 1;
  manager.look();
  expect(numbersIn(manager.require("storage"))).toEqual(["2", "2", "2"]);
  expect(reports).toEqual(["object_storage 1", "object_storage 2"]);
});

test("a single file is taken at once when it was renamed into place, and settled when it was written in place", () => {
  using folder = new TemporaryFolder();
  const path = folder.write("redis-url", "redis://one");
  const { manager, clock } = open({ ...nowhere, folder: folder.path });
  renameSync(folder.write("temporary", "redis://two"), path);
  manager.look();
  expect(manager.require("redis").url.use((url) => url)).toBe("redis://two");
  writeFileSync(path, "redis://three");
  manager.look();
  expect(manager.require("redis").url.use((url) => url)).toBe("redis://two");
  clock.now += 250;
  manager.look();
  expect(manager.require("redis").url.use((url) => url)).toBe("redis://three");
});

test("a file that appears later, and is still empty when it is seen first, is the first version", () => {
  using folder = new TemporaryFolder();
  const { manager, reports, clock } = open({ ...nowhere, folder: folder.path });
  folder.write("redis-url", "");
  manager.look();
  clock.now += 249;
  manager.look();
  folder.write("redis-url", "redis://one");
  manager.look();
  expect(manager.require("redis").url.use((url) => url)).toBe("redis://one");
  expect(reports).toEqual(["redis 1"]);
});

test("subscribers get each new version; one that fails keeps the old one, is counted, and is tried again later", async () => {
  using mounted = new MountedSecrets(storageFiles(1));
  const { manager, reports, clock } = open({ ...nowhere, folder: mounted.path });
  const good: string[] = [];
  const tried: string[] = [];
  let isBroken = true;
  manager.onRotation("storage", ({ bucket }) => void good.push(bucket));
  manager.onRotation("storage", async ({ bucket }) => {
    tried.push(bucket);
    await Promise.resolve();
    if (isBroken) {
      throw new Error("canary");
    }
  });
  const stop = manager.onRotation("storage", () => void good.push("stopped"));
  stop();
  const look = async (waitMs: number): Promise<void> => {
    clock.now += waitMs;
    manager.look();
    await new Promise(setImmediate);
  };
  mounted.update(storageFiles(2));
  await look(0);
  await look(9_999);
  expect({ good, tried }).toEqual({ good: ["bucket-2"], tried: ["bucket-2"] });
  await look(1);
  expect(tried).toEqual(["bucket-2", "bucket-2"]);
  isBroken = false;
  // A newer version does not wait for the next try of the last.
  mounted.update(storageFiles(3));
  await look(0);
  await look(60_000);
  expect({ good, tried }).toEqual({ good: ["bucket-2", "bucket-3"], tried: ["bucket-2", "bucket-2", "bucket-3"] });
  expect(reports).toEqual([
    "object_storage 1",
    "object_storage 2",
    "object_storage subscriber",
    "object_storage subscriber",
    "object_storage 3",
  ]);
});

test("a subscriber is not called again while it is still at work", async () => {
  using mounted = new MountedSecrets(storageFiles(1));
  const { manager } = open({ ...nowhere, folder: mounted.path });
  const { promise, resolve } = Promise.withResolvers<void>();
  const seen: string[] = [];
  manager.onRotation("storage", ({ bucket }) => {
    seen.push(bucket);
    return promise;
  });
  mounted.update(storageFiles(2));
  manager.look();
  mounted.update(storageFiles(3));
  manager.look();
  expect(seen).toEqual(["bucket-2"]);
  resolve();
  await new Promise(setImmediate);
  manager.look();
  expect(seen).toEqual(["bucket-2", "bucket-3"]);
});

test("a watched folder is followed by its events, without a poll", async () => {
  using mounted = new MountedSecrets(storageFiles(1));
  const manager = watching({ ...nowhere, folder: mounted.path }, 3_600_000);
  for (const number of [2, 3]) {
    mounted.update(storageFiles(number));
    await waitUntil(() => bucketOf(manager) === `bucket-${number}`, "the swap was seen");
    expect(manager.previous("storage")?.bucket).toBe(`bucket-${number - 1}`);
  }
});

test("a folder that is removed and made again is followed by the polls", async () => {
  using folder = new TemporaryFolder();
  const path = join(folder.path, "later");
  const manager = watching({ ...nowhere, folder: path }, 20);
  for (const number of [1, 2]) {
    using mounted = new MountedSecrets(storageFiles(number));
    renameSync(mounted.path, path);
    await waitUntil(() => bucketOf(manager) === `bucket-${number}`, "the folder was seen");
    expect(numbersIn(manager.require("storage"))).toEqual(Array.from({ length: 3 }, () => String(number)));
    rmSync(path, { recursive: true });
  }
});

test("calls for a refresh share looks that begin after them, and not too many", async () => {
  using folder = new TemporaryFolder();
  folder.write("redis-url", "redis://one");
  const manager = createManager({ ...nowhere, folder: folder.path }, []);
  let looks = 0;
  const look = manager.look.bind(manager);
  manager.look = () => {
    looks++;
    look();
  };
  renameSync(folder.write("temporary", "redis://two"), join(folder.path, "redis-url"));
  await Promise.all(Array.from({ length: 1_000 }, () => manager.refresh()));
  expect(looks).toBe(1);
  expect(manager.require("redis").url.use((url) => url)).toBe("redis://two");
});

function open(places: SecretPlaces) {
  const reports: string[] = [];
  const clock = { now: 5_000 };
  return { manager: createManager(places, reports, () => clock.now), reports, clock };
}

function watching(places: SecretPlaces, pollMs: number): SecretsManager<typeof bundles> {
  const manager = createManager(places, [], undefined, pollMs);
  manager.watch();
  return manager;
}

function createManager(places: SecretPlaces, reports: string[], now?: () => number, pollMs = 1_000) {
  const manager = new SecretsManager(bundles, {
    places,
    reports: {
      versionChanged: (bundle, version) => reports.push(`${bundle} ${version}`),
      rotationFailed: (bundle, reason) => reports.push(`${bundle} ${reason}`),
    },
    overlapMs,
    pollMs,
    ...(now !== undefined && { now }),
  });
  managers.push(manager);
  return manager;
}

function errorOf(places: SecretPlaces): SecretsError {
  try {
    createManager(places, []);
  } catch (error) {
    if (error instanceof SecretsError) {
      return error;
    }
    throw error;
  }
  throw new Error("nothing was wrong");
}

function problemsOf(places: SecretPlaces) {
  return errorOf(places).problems;
}

function bucketOf(manager: SecretsManager<typeof bundles>): string | undefined {
  return manager.current("storage")?.bucket;
}

function numbersIn({ accessKey, secretKey, bucket }: ObjectStorageSecrets): string[] {
  const texts = [accessKey.use((text) => text), secretKey.use((text) => text), bucket];
  return texts.map((text) => text.replaceAll(/\D/g, ""));
}

function asVariables(number: number): Map<string, Secret> {
  const entries = Object.entries(storageFiles(number));
  return new Map(entries.map(([name, text]) => [name.replaceAll("-", "_").toUpperCase(), new Secret(text)]));
}
