import { join } from "node:path";
import { expect, test } from "vitest";
import { projectRoot } from "../../src/config/load-config.ts";
import { type AudioPrograms, audioPrograms } from "../../src/processes/audio-programs.ts";
import { chooseSandbox } from "../../src/processes/choose-sandbox.ts";
import { missingDecoder } from "../../src/processes/missing-decoder.ts";
import { type Sandbox, sandboxCandidates } from "../../src/processes/sandbox.ts";
import type { SecureProgram } from "../../src/processes/secure-subprocess.ts";

const programs = audioPrograms({
  root: projectRoot,
  voiceActivityModel: join(projectRoot, "models/silero-vad/onnx/model.onnx"),
  decoder: "node-av",
  maxSeconds: 60,
});
const missing = missingDecoder("node-av", projectRoot);
const walled = missing === null ? await firstWalledSandbox(programs) : null;

test.skipIf(walled === null)(
  `a sandbox in which a library cannot be loaded is not chosen (${missing ?? ""})`,
  async () => {
    const weaker: Sandbox = ["prlimit"];
    const candidates: Sandbox[] = [walled ?? [], weaker];
    expect(await chooseSandbox(programs.probes, "auto", candidates)).toEqual(walled);
    for (const library of ["@seydx/", "node_modules/node-av", "onnxruntime-node", "src/audio"]) {
      expect(await chooseSandbox(without(library), "auto", candidates)).toEqual(weaker);
    }
  },
);

/** The probes where such files are missing behind the wall. */
function without(part: string): SecureProgram[] {
  return programs.probes.map((probe) => ({ ...probe, files: probe.files.filter((file) => !file.includes(part)) }));
}

/** Null where bubblewrap does not work. */
async function firstWalledSandbox({ probes }: AudioPrograms): Promise<Sandbox | null> {
  const candidates = sandboxCandidates().filter((sandbox) => sandbox.includes("bubblewrap"));
  return chooseSandbox(probes, "auto", candidates).catch(() => null);
}
