import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Manifest } from "../../src/model-store/manifest.ts";
import type { LoadMessage } from "../../src/processes/protocol.ts";
import { realModelFolder } from "./model-folder.ts";

/** Loads the real model; fixtures do not care. */
export const loadMessage: LoadMessage = {
  type: "load",
  modelFolder: realModelFolder,
  manifest: JSON.parse(readFileSync(join(realModelFolder, "manifest.json"), "utf8")) as Manifest,
  session: { executionProvider: "cpu", intraOpNumThreads: 1 },
  pluginModules: [],
};
