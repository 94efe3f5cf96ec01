import { availableParallelism } from "node:os";
import { resolve } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { canaryClipDigest } from "./canary-clip.ts";
import { loadConfig } from "./config/load-config.ts";
import { modelSchema } from "./config.ts";
import { ServiceError } from "./errors.ts";
import { EventBus } from "./events.ts";
import { DeviceRoom } from "./hardware/device-room.ts";
import { judgeHardware } from "./hardware/hardware.ts";
import { askCanary, type CanaryAnswer, canaryTexts, defaultTolerances } from "./health/canary.ts";
import type { LocalModelOptions } from "./local-model.ts";
import { LocalSpeechModel } from "./local-speech-model.ts";
import { LocalTextModel } from "./local-text-model.ts";
import { fewestCanaryTokens, type Manifest, manifestSchema } from "./model-store/manifest.ts";
import { type ModelFolder, openModelFolder } from "./model-store/model-folder.ts";
import { saveManifest } from "./model-store/save-manifest.ts";
import { OperatorError } from "./operator-error.ts";
import { runForOperator } from "./run-for-operator.ts";
import type { LabelScore } from "./tasks/label-scores.ts";

const usage = `usage: npm run record-canary -- FOLDER

Asks the model of a folder a canary, on the CPU, and writes the answer into its manifest.json: short texts and their scores, or
what it writes of a spoken clip. The service judges the model's health by it, and uses no device that answers otherwise.`;

/** A Voxtral of 3B on a slow machine takes minutes; milliseconds. */
const answerLimitMs = 1_800_000;
/** Scores are recorded to the third digit: their tolerance is much larger. */
const scoreSteps = 1_000;

type Canary = NonNullable<Manifest["canary"]>;

/**
 * Computes the canary of the folder that the command line names, and writes it into its manifest, whose tolerance it keeps.
 * The manifest stays as it is when the answer is the recorded one, and when anything goes wrong.
 * @returns What was written, for people.
 * @throws {OperatorError} with what is wrong.
 */
export async function recordCanary(args: readonly string[]): Promise<string> {
  const [path, ...others] = args;
  if (path === undefined || path.startsWith("-") || others.length > 0) {
    throw new OperatorError(usage);
  }
  const folder = await openModelFolder(resolve(path));
  const canary = await askModel(folder);
  if (isDeepStrictEqual(canary, folder.manifest.canary)) {
    return `${folder.path} has it already: ${describe(canary)}`;
  }
  const file = saveManifest(folder.path, manifestSchema.parse({ ...folder.manifest, canary }));
  return `${file}: ${describe(canary)}`;
}

async function askModel(folder: ModelFolder): Promise<Canary> {
  const { canary: known, ...manifest } = folder.manifest;
  const events = new EventBus((_, error) => {
    throw error;
  });
  const model = await openModel({ ...folder, manifest }, events);
  try {
    await becomesReady(model, events);
    const answer = await askCanary(model, answerLimitMs);
    return canaryOf(answer, manifest.name, known?.tolerance ?? defaultTolerances[answer.kind]);
  } catch (error) {
    if (error instanceof ServiceError) {
      throw new OperatorError(`${manifest.name} did not answer: ${error.message}`, { cause: error });
    }
    throw error;
  } finally {
    model.kill();
    await model.close();
  }
}

function openModel(folder: ModelFolder, events: EventBus): Promise<LocalTextModel | LocalSpeechModel> {
  const { name, task } = folder.manifest;
  if (task === "voice-activity-detection") {
    throw new OperatorError(`${name} answers no requests: it has no canary`);
  }
  const { config: defaults } = loadConfig({});
  // One attempt tells what is wrong.
  const config = { ...defaults, processes: { ...defaults.processes, giveUpAfterFailures: 1 } };
  const hardware = judgeHardware({ profile: "cpu", requireGpu: false }, { devices: [] }, []);
  const options: LocalModelOptions = {
    folder,
    events,
    hardware,
    room: new DeviceRoom(hardware.devices),
    settings: modelSchema.parse({
      folder: folder.path,
      executionProvider: "cpu",
      instances: 1,
      spares: 0,
      intraOpNumThreads: availableParallelism(),
    }),
    config: () => config,
  };
  return task === "text-classification" ? LocalTextModel.open(options) : LocalSpeechModel.open(options);
}

/** @throws {OperatorError} with what its process said when it does not. */
async function becomesReady(model: LocalTextModel | LocalSpeechModel, events: EventBus): Promise<void> {
  const settled = Promise.withResolvers<void>();
  events.on("model_state_changed", () => settled.resolve());
  await model.start();
  await settled.promise;
  if (model.state() !== "ready") {
    throw new OperatorError(`${model.identity.name} cannot be started: ${model.stateDetail()}`);
  }
}

/** @throws {OperatorError} when it says too little to be told from a wrong answer. */
function canaryOf(answer: CanaryAnswer, name: string, tolerance: number): Canary {
  if (answer.kind === "scores") {
    const texts = canaryTexts.map((text, index) => ({ text, scores: roundedScores(answer.texts[index] ?? []) }));
    return { texts, tolerance };
  }
  if (answer.tokenIds.length < fewestCanaryTokens) {
    const heard = `${name} writes ${answer.tokenIds.length} tokens of a spoken sentence`;
    throw new OperatorError(`${heard}: ${fewestCanaryTokens} at least can be told from a wrong answer`);
  }
  return { clip: canaryClipDigest, tokenIds: [...answer.tokenIds], tolerance };
}

function roundedScores(scores: readonly LabelScore[]): Record<string, number> {
  return Object.fromEntries(
    scores.map(({ label, score }) => [label, Math.round(score * scoreSteps) / scoreSteps] as const),
  );
}

function describe(canary: Canary): string {
  return "texts" in canary
    ? canary.texts.map(({ text, scores }) => `${JSON.stringify(scores)} for "${text}"`).join(", ")
    : `${canary.tokenIds.length} tokens of the spoken clip`;
}

if (import.meta.main) {
  await runForOperator(async () => {
    process.stdout.write(`${await recordCanary(process.argv.slice(2))}\n`);
  });
}
