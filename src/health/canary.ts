import { editDistance } from "../edit-distance.ts";
import type { Manifest } from "../model-store/manifest.ts";
import type { ModelFolder } from "../model-store/model-folder.ts";
import { Deadline } from "../scheduler/deadline.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import { scoreTexts, type TextScorer } from "../tasks/classify.ts";
import { checkTranscript } from "../tasks/hear-window.ts";
import type { LabelScore } from "../tasks/label-scores.ts";
import type { SpeechModel, TextModel } from "../tasks/served-model.ts";
import type { SpokenCanary } from "./monitored-model.ts";

/** What a model answers to its canary. */
export type CanaryAnswer =
  | { readonly kind: "scores"; readonly texts: readonly (readonly LabelScore[])[] }
  | { readonly kind: "tokens"; readonly tokenIds: readonly number[] };

/** For models whose manifest has no canary. One of each kind: a broken model may well say the same of all. */
export const canaryTexts = ["Merci beaucoup pour votre aide, et bonne journée !", "Ferme-la, sale imbécile."];

/**
 * How far an answer may be off, see `distanceBetween`: an 8-bit model scales its numbers by the whole batch, and processors
 * round differently. Another precision than the one that the manifest's answer was recorded with must come as near.
 *
 * Scores of texts that are clearly one or the other move little with it, and graphs that say something else are not the
 * model that was reviewed. Of the tokens that Whisper base writes of 26 clips, 8 bits changed 0.17 at most; of what it
 * writes of the canary's clip, any other clip's text is 0.82 off, or more, and garbage about 1.
 */
export const defaultTolerances = { scores: 0.05, tokens: 0.4 } as const;

/** Of a model on a device, for the operator. */
export const noRecordedCanary = "no recorded canary: what the device answers is compared with nothing";

/** What is asked of a canary's model: the whole of it, or one of its processes alone. */
export type AskedModel = { readonly folder: Pick<ModelFolder, "manifest"> } & (
  | ({ readonly task: TextModel["task"] } & TextScorer)
  | (Pick<SpeechModel, "task" | "languages" | "transcribe"> & SpokenCanary)
);

/** Its own place in every queue; no address and no name of a client has spaces. */
export const canaryClient = { address: "health check", clientId: "" } as const;

/** Nobody's trace: W3C Trace Context and B3 know no ids of zeros. */
const noTrace = { traceId: "0".repeat(32), spanId: "0".repeat(16) };

const neverAborted = new AbortController().signal;

/**
 * Sends one canary the way of a request, below the edge: no client's metric counts it.
 * @throws ServiceError as the task does; the signal's reason when it aborts.
 */
export async function askCanary(
  model: AskedModel,
  limitMs: number,
  signal: AbortSignal = neverAborted,
): Promise<CanaryAnswer> {
  const context: RequestContext = {
    requestId: "canary",
    ...noTrace,
    client: canaryClient,
    deadline: Deadline.after(limitMs),
    signal,
    timeline: null,
  };
  return model.task === "text-classification"
    ? askAboutTexts(model, textsOf(model.folder.manifest), context)
    : askAboutClip(model, context);
}

/** What the manifest says the answer is; null when it says nothing. */
export function recordedAnswer({ canary }: Manifest): CanaryAnswer | null {
  if (canary === undefined) {
    return null;
  }
  if (!("texts" in canary)) {
    return { kind: "tokens", tokenIds: canary.tokenIds };
  }
  const texts = canary.texts.map(({ scores }) => Object.entries(scores).map(([label, score]) => ({ label, score })));
  return { kind: "scores", texts };
}

/** Whether two answers are the same, as far as the manifest asks. */
export function isSameAnswer(
  answer: CanaryAnswer,
  expected: CanaryAnswer,
  tolerance: number = defaultTolerances[expected.kind],
): boolean {
  return distanceBetween(answer, expected) <= tolerance;
}

/**
 * How far an answer is off, 0 when it is the expected one: the largest difference of a score, or the tokens that are
 * wrong, missing or too many, by the number of those expected. Infinite where the two cannot be compared.
 */
export function distanceBetween(answer: CanaryAnswer, expected: CanaryAnswer): number {
  if (answer.kind === "tokens" && expected.kind === "tokens") {
    const errors = editDistance(expected.tokenIds, answer.tokenIds);
    return errors === 0 ? 0 : errors / expected.tokenIds.length;
  }
  if (answer.kind === "tokens" || expected.kind === "tokens" || answer.texts.length !== expected.texts.length) {
    return Number.POSITIVE_INFINITY;
  }
  return Math.max(...expected.texts.map((scores, index) => farthest(answer.texts[index] ?? [], scores)));
}

function farthest(given: readonly LabelScore[], expected: readonly LabelScore[]): number {
  const differences = expected.map(({ label, score }) => {
    const own = given.find((each) => each.label === label);
    return own === undefined ? Number.POSITIVE_INFINITY : Math.abs(own.score - score);
  });
  return given.length === expected.length ? Math.max(...differences) : Number.POSITIVE_INFINITY;
}

function textsOf({ canary }: Manifest): readonly string[] {
  return canary !== undefined && "texts" in canary ? canary.texts.map(({ text }) => text) : canaryTexts;
}

async function askAboutTexts(
  model: TextScorer,
  texts: readonly string[],
  context: RequestContext,
): Promise<CanaryAnswer> {
  const { classifications } = await scoreTexts(model, { texts, threshold: 1 }, context);
  return { kind: "scores", texts: classifications.map(({ scores }) => scores) };
}

async function askAboutClip(
  model: Pick<SpeechModel, "languages" | "transcribe"> & SpokenCanary,
  context: RequestContext,
): Promise<CanaryAnswer> {
  const output = await model.transcribe(model.canaryWindow, context);
  checkTranscript(output, model.languages);
  return { kind: "tokens", tokenIds: [...output.tokenIds] };
}
