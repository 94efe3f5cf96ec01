import { onTestFinished } from "vitest";
import { InferenceProcess, type InferenceProcessSettings } from "../../src/processes/inference-process.ts";
import type { TextWindowInput } from "../../src/processes/protocol.ts";
import { loadMessage } from "./load-message.ts";

/** Starts a program of `test/fixtures/processes`; it is killed when the test ends, at the latest. */
export function startFixture(name: string, settings: Partial<InferenceProcessSettings> = {}): InferenceProcess {
  return startEntry(new URL(`../fixtures/processes/${name}.ts`, import.meta.url), settings);
}

/** Starts the real inference process with the real model; it is killed when the test ends, at the latest. */
export function startInference(settings: Partial<InferenceProcessSettings> = {}): InferenceProcess {
  return startEntry(new URL("../../src/inference/main.ts", import.meta.url), settings);
}

/** One window of these token ids. */
export function textWindow(...tokenIds: readonly number[]): TextWindowInput {
  return { kind: "text", inputIds: Int32Array.from(tokenIds) };
}

function startEntry(entry: URL, settings: Partial<InferenceProcessSettings>): InferenceProcess {
  const process = new InferenceProcess({
    entry,
    load: loadMessage,
    startTimeoutMs: 60_000,
    stopTimeoutMs: 60_000,
    niceness: 0,
    gpu: null,
    onOutput: () => {},
    ...settings,
  });
  onTestFinished(async () => {
    process.kill("stopped");
    await process.exited;
  });
  return process;
}
