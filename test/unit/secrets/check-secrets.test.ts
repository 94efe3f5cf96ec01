import { chmodSync } from "node:fs";
import { expect, test } from "vitest";
import { checkSecrets } from "../../../src/secrets/check-secrets.ts";
import { objectStorageBundle } from "../../../src/secrets/object-storage.ts";
import { redisBundle } from "../../../src/secrets/redis-url.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const bundles = [objectStorageBundle, redisBundle];
const variables = new Map();

test("an operator is told what can be used, what is wrong, and what others can read", () => {
  using folder = new TemporaryFolder();
  folder.write("redis-url", "redis://canary");
  chmodSync(folder.write("object-storage-bucket", "canary..bucket"), 0o600);
  const check = checkSecrets(bundles, { folder: folder.path, files: {}, variables });
  expect(check.usable).toEqual(["Redis configuration"]);
  expect(check.problems.map(({ key }) => key)).toEqual([
    "object_storage.accessKey",
    "object_storage.secretKey",
    "object_storage.bucket",
    "object_storage.endpoint",
  ]);
  expect(check.warnings).toMatchObject([{ key: "redis.url" }]);
  expect(JSON.stringify(check)).not.toContain("canary");
});

test("a folder that is not there is told", () => {
  const { problems } = checkSecrets(bundles, { folder: "/nowhere/secrets", files: {}, variables });
  expect(problems).toEqual([
    { key: null, source: "/nowhere/secrets", message: "is no folder, though a setting names it as that of secrets" },
  ]);
});

test("without any secret there is nothing to tell", () => {
  const check = checkSecrets(bundles, { folder: null, files: {}, variables });
  expect(check).toEqual({ usable: [], problems: [], warnings: [] });
});
