import { Deadline } from "../scheduler/deadline.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import { scoreTexts } from "../tasks/classify.ts";
import { checkTranscript } from "../tasks/hear-window.ts";
import type { LabelScore } from "../tasks/label-scores.ts";
import type { SpeechModel, TextModel } from "../tasks/served-model.ts";
import type { MonitoredModel } from "./monitored-model.ts";

/** What a model answers to its canary. */
export type CanaryAnswer =
  | { readonly kind: "scores"; readonly texts: readonly (readonly LabelScore[])[] }
  | { readonly kind: "tokens"; readonly tokenIds: readonly number[] };

/** For models whose manifest has no canary. One of each kind: a broken model may well say the same of all. */
const defaultTexts = ["Merci beaucoup pour votre aide, et bonne journée !", "Ferme-la, sale imbécile."];

/**
 * How far scores may be off: an 8-bit model scales its numbers by the whole batch, and processors round differently.
 * Another precision than the one that the manifest's answer was recorded with must come as near. Texts that are clearly one
 * or the other move little with it, and graphs that say something else are not the model that was reviewed.
 */
const defaultTolerance = 0.05;

/** Its own place in every queue; no address and no name of a client has spaces. */
export const canaryClient = { address: "health check", clientId: "" } as const;

/** Nobody's trace: W3C Trace Context and B3 know no ids of zeros. */
const noTrace = { traceId: "0".repeat(32), spanId: "0".repeat(16) };

/**
 * Sends one canary the way of a request, below the edge: no client's metric counts it.
 * @throws ServiceError as the task does; the signal's reason when it aborts.
 */
export async function askCanary(model: MonitoredModel, limitMs: number, signal: AbortSignal): Promise<CanaryAnswer> {
  const context: RequestContext = {
    requestId: "canary",
    ...noTrace,
    client: canaryClient,
    deadline: Deadline.after(limitMs),
    signal,
    timeline: null,
  };
  return model.task === "text-classification"
    ? askAboutTexts(model, model.folder.manifest.canary?.texts.map(({ text }) => text) ?? defaultTexts, context)
    : askAboutSilence(model, context);
}

/** What the manifest says the answer is; null when it says nothing. */
export function recordedAnswer({ folder, task }: MonitoredModel): CanaryAnswer | null {
  const { canary } = folder.manifest;
  if (canary === undefined || task !== "text-classification") {
    return null;
  }
  const texts = canary.texts.map(({ scores }) => Object.entries(scores).map(([label, score]) => ({ label, score })));
  return { kind: "scores", texts };
}

/** Whether two answers are the same, scores as far as the manifest asks. */
export function isSameAnswer(answer: CanaryAnswer, expected: CanaryAnswer, tolerance = defaultTolerance): boolean {
  if (answer.kind === "tokens" || expected.kind === "tokens") {
    return (
      answer.kind === "tokens" && expected.kind === "tokens" && answer.tokenIds.join() === expected.tokenIds.join()
    );
  }
  return (
    answer.texts.length === expected.texts.length &&
    expected.texts.every((scores, index) => hasScores(answer.texts[index] ?? [], scores, tolerance))
  );
}

function hasScores(given: readonly LabelScore[], expected: readonly LabelScore[], tolerance: number): boolean {
  return (
    given.length === expected.length &&
    expected.every(({ label, score }) =>
      given.some((each) => each.label === label && Math.abs(each.score - score) <= tolerance),
    )
  );
}

async function askAboutTexts(
  model: TextModel,
  texts: readonly string[],
  context: RequestContext,
): Promise<CanaryAnswer> {
  const { classifications } = await scoreTexts(model, { texts, threshold: 1 }, context);
  return { kind: "scores", texts: classifications.map(({ scores }) => scores) };
}

/** The shortest window of the model, in which nobody speaks. */
async function askAboutSilence(model: SpeechModel, context: RequestContext): Promise<CanaryAnswer> {
  const { melBins, fewestFrames, logMelMaximum } = model.windows;
  const window = {
    features: new Float32Array(melBins * fewestFrames).fill(silence(logMelMaximum)),
    frames: fewestFrames,
    audioMs: fewestFrames * 10,
    language: model.languages.includes("fr") ? "fr" : (model.languages[0] ?? null),
    temperature: 0,
    seed: 0,
  };
  const output = await model.transcribe(window, context);
  checkTranscript(output, model.languages);
  return { kind: "tokens", tokenIds: [...output.tokenIds] };
}

/** The feature of a silent window, see `audio/log-mel.ts`: the smallest power, at most 80 dB below the loudest. */
function silence(logMelMaximum: number | null): number {
  const smallest = -10;
  return (Math.max(smallest, (logMelMaximum ?? smallest) - 8) + 4) / 4;
}
