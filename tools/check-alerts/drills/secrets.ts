import { copyFileSync, readFileSync, renameSync, utimesSync, writeFileSync } from "node:fs";
import { stringify } from "yaml";
import type { Drill } from "../drill.ts";
import { createKey } from "../drill-keys.ts";

const daySeconds = 86_400;

/** Secrets that get old, keys that end, and changes that are wrong. */
export const secretDrills: readonly Drill[] = [
  {
    name: "old-secrets",
    fault: "a list of keys that was written 100 days ago",
    alerts: [{ name: "SecretOld", labels: { bundle: "api_keys" } }],
    async prepare(stage) {
      await stage.start();
      return {
        inject: async () => {
          // Made beside the list in use: the same keys written once more would be no new version.
          const copy = `${stage.keysFile}.copy`;
          copyFileSync(stage.keysFile, copy);
          await createKey(copy, "late", "classify");
          replaceFile(stage.keysFile, readFileSync(copy, "utf8"), Date.now() / 1_000 - 100 * daySeconds);
        },
        remove: async () => void (await createKey(stage.keysFile, "fresh", "classify")),
      };
    },
  },
  {
    name: "broken-rotation",
    fault: "a list of keys that is cut off",
    alerts: [{ name: "SecretRotationFailed", labels: { bundle: "api_keys", reason: "invalid" } }],
    async prepare(stage) {
      await stage.start();
      const whole = readFileSync(stage.keysFile, "utf8");
      return {
        inject: () => replaceFile(stage.keysFile, whole.slice(0, -20)),
        remove: () => replaceFile(stage.keysFile, whole),
      };
    },
  },
  {
    name: "ending-key",
    fault: "a key that ends in two days",
    alerts: [{ name: "ApiKeyExpiring" }],
    async prepare(stage) {
      await stage.start();
      const before = readFileSync(stage.keysFile, "utf8");
      return {
        inject: async () => void (await createKey(stage.keysFile, "short", "classify", "2d")),
        remove: () => replaceFile(stage.keysFile, before),
      };
    },
  },
  {
    name: "broken-config",
    fault: "a setting that does not exist",
    alerts: [{ name: "ConfigRejected" }],
    async prepare(stage) {
      const service = await stage.start();
      return {
        inject: () => writeFileSync(service.settingsFile, stringify({ service: { nothing: true } })),
        remove: () => writeFileSync(service.settingsFile, stringify({})),
      };
    },
  },
];

/** In one step, as `npm run keys` and Kubernetes do. @param writtenAt Unix time in seconds; now, when absent. */
function replaceFile(file: string, text: string, writtenAt?: number): void {
  writeFileSync(`${file}.new`, text, { mode: 0o600 });
  if (writtenAt !== undefined) {
    utimesSync(`${file}.new`, writtenAt, writtenAt);
  }
  renameSync(`${file}.new`, file);
}
