import { expect, test } from "vitest";
import { objectStorageBundle } from "../../../src/secrets/object-storage.ts";
import { redisBundle } from "../../../src/secrets/redis-url.ts";
import { takeSecretVariables } from "../../../src/secrets/secret-variables.ts";

test("secrets are taken out of the environment, and nothing else is", () => {
  const environment = { REDIS_URL: "redis://cache", OBJECT_STORAGE_BUCKET: "", PATH: "/bin" };
  const variables = takeSecretVariables([redisBundle, objectStorageBundle], environment);
  expect(environment).toEqual({ PATH: "/bin" });
  expect([...variables.keys()]).toEqual(["REDIS_URL"]);
  expect(variables.get("REDIS_URL")?.use((value) => value)).toBe("redis://cache");
});
