import type { EventBus, StepDurations } from "../events.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import type { PreparedText } from "../text/prepared-text.ts";
import { checkAnswer } from "./check-answer.ts";
import { type LabelScore, toLabelScores } from "./label-scores.ts";
import type { ModelIdentity, TextModel } from "./served-model.ts";

/** The label that a toxicity model must have; `flagged` and `spans` are about its score. */
export const toxicLabel = "toxic";

/** What scores texts of a model: the whole of it, or one of its processes alone. */
export type TextScorer = Pick<TextModel, "identity" | "labels" | "windowBias" | "prepare" | "run">;

export interface ClassifyInput {
  /** Validated at the edge: not blank, well-formed, within the limits of the contract. */
  readonly texts: readonly string[];
  /** 0–1; a text is flagged when its toxic score reaches it. */
  readonly threshold: number;
}

/** A window whose toxic score reaches the threshold, in UTF-16 offsets of the text as sent. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
  readonly score: number;
}

export interface TextClassification {
  /** Of the window with the highest toxic score, in the order of the model's labels. */
  readonly scores: readonly LabelScore[];
  /** The label with the highest score. */
  readonly label: string;
  readonly flagged: boolean;
  readonly tokens: number;
  readonly windows: number;
  readonly spans: readonly TextSpan[];
}

export interface ClassifyResult {
  readonly model: ModelIdentity;
  /** One per text, in order. */
  readonly classifications: readonly TextClassification[];
  readonly steps: StepDurations;
}

/**
 * Scores the texts of a client for toxicity, and tells what came of it.
 * @throws ServiceError as `scoreTexts` does.
 */
export async function classify(
  model: TextModel,
  input: ClassifyInput,
  context: RequestContext,
  events: EventBus,
): Promise<ClassifyResult> {
  const { name } = model.identity;
  const result = await checkAnswer(model, events, () => scoreTexts(model, input, context));
  for (const { scores } of result.classifications) {
    events.emit("text_classified", { model: name, scores });
  }
  return result;
}

/**
 * Scores texts for toxicity. A text is as toxic as its worst window, so that nothing hides in a long text.
 * @throws ServiceError as the stages below do, and `invalid_prediction` when the model's answer is none.
 */
export async function scoreTexts(
  model: TextScorer,
  input: ClassifyInput,
  context: RequestContext,
): Promise<ClassifyResult> {
  const start = performance.now();
  const preprocess = context.timeline?.begin("preprocess", start);
  const texts = await model.prepare(input.texts, context);
  const preparedAt = performance.now();
  const preprocessMs = preparedAt - start;
  const windows = texts.flatMap((text) => text.windows.map(({ inputIds }) => inputIds));
  preprocess?.end(preparedAt, { texts: texts.length, windows: windows.length });
  const { logits, queueMs, inferenceMs } = await model.run(windows, context);
  const postprocess = context.timeline?.begin("postprocess", performance.now());
  let at = 0;
  const classifications = texts.map((text) => {
    const rows = logits.slice(at, at + text.windows.length);
    at += text.windows.length;
    const shift = model.windowBias * Math.log(text.windows.length);
    const scores = rows.map((row) => toLabelScores(withLessToxic(row, shift, model.labels), model.labels));
    return classifyText(text, scores, input.threshold);
  });
  const now = performance.now();
  postprocess?.end(now);
  const totalMs = now - start;
  return { model: model.identity, classifications, steps: { queueMs, preprocessMs, inferenceMs, totalMs } };
}

function classifyText(text: PreparedText, rows: readonly LabelScore[][], threshold: number): TextClassification {
  const worst = rows.reduce((highest, row) => (toxicScore(row) > toxicScore(highest) ? row : highest));
  const likeliest = worst.reduce((highest, each) => (each.score > highest.score ? each : highest));
  const spans = text.windows.flatMap(({ start, end }, index) => {
    const score = toxicScore(rows[index] ?? []);
    return score >= threshold ? [{ start, end, score }] : [];
  });
  return {
    scores: worst,
    label: likeliest.label,
    flagged: toxicScore(worst) >= threshold,
    tokens: text.tokens,
    windows: text.windows.length,
    spans,
  };
}

/** The worst of many windows is more often a chance find than the only one: each needs the more to be believed. */
function withLessToxic(logits: Float32Array, shift: number, labels: readonly string[]): Float32Array {
  if (shift === 0) {
    return logits;
  }
  const toxic = labels.indexOf(toxicLabel);
  return logits.map((logit, index) => (index === toxic ? logit - shift : logit));
}

function toxicScore(scores: readonly LabelScore[]): number {
  return scores.find(({ label }) => label === toxicLabel)?.score ?? 0;
}
