import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runKeysCommand } from "../../src/keys.ts";

/** The keys that all services of a run accept. */
export interface DrillKeys {
  /** The list, as `auth.keysFile` takes it. */
  readonly listFile: string;
  /** A file that holds the metrics key alone. */
  readonly metricsKeyFile: string;
  /** For tasks. */
  readonly taskKey: string;
}

/** Makes keys as an operator does. @param folder where the files are put. */
export async function createDrillKeys(folder: string): Promise<DrillKeys> {
  const listFile = join(folder, "keys.json");
  const metricsKeyFile = join(folder, "metrics-key");
  writeFileSync(metricsKeyFile, await createKey(listFile, "prometheus", "metrics"), { mode: 0o600 });
  return { listFile, metricsKeyFile, taskKey: await createKey(listFile, "drill", "classify,transcribe") };
}

/** Adds one key to a list. @param expires such as `2d`; without it, the key has no end. */
export async function createKey(file: string, client: string, scopes: string, expires?: string): Promise<string> {
  const words = ["create", "--client", client, "--scopes", scopes, "--file", file];
  const { key } = await runKeysCommand(
    [...words, ...(expires === undefined ? [] : ["--expires", expires])],
    Date.now(),
  );
  if (key === null) {
    throw new Error("no key was made");
  }
  return key.use((text) => text);
}
