import { setTimeout as sleep } from "node:timers/promises";
import { type ErrorCode, ServiceError } from "../errors.ts";
import type { EventBus } from "../events.ts";
import type { RequestContext } from "../scheduler/request-context.ts";
import { type ClassifyInput, type ClassifyResult, classify, toxicLabel } from "./classify.ts";
import type { TextModel } from "./served-model.ts";

export interface Toxicity {
  /** 0–1: of the label `toxic`. */
  readonly score: number;
  readonly flagged: boolean;
}

/** Wait before another try when the refusal names none, in milliseconds. */
const retryAfterMs = 1_000;

/** States of a model that pass: a full queue, a process that is being replaced. */
const passing: ReadonlySet<string> = new Set<ErrorCode>(["overloaded", "model_loading", "circuit_open"]);

/**
 * The toxicity of each text, in order. A model that cannot take them now is waited for until the deadline: the texts are
 * the fruit of work that would be lost.
 * @throws ServiceError as `classify` does, but for `overloaded`, `model_loading` and `circuit_open`.
 */
export async function moderateTexts(
  model: TextModel,
  input: ClassifyInput,
  context: RequestContext,
  events: EventBus,
): Promise<Toxicity[]> {
  if (input.texts.length === 0) {
    return [];
  }
  for (;;) {
    try {
      return toxicityOf(await classify(model, input, context, events));
    } catch (error) {
      if (!(error instanceof ServiceError && passing.has(error.code))) {
        throw error;
      }
      await waitBeforeRetry(error.retryAfterMs ?? retryAfterMs, context.signal);
    }
  }
}

function toxicityOf({ classifications }: ClassifyResult): Toxicity[] {
  return classifications.map(({ scores, flagged }) => ({
    score: scores.find(({ label }) => label === toxicLabel)?.score ?? 0,
    flagged,
  }));
}

/** @throws the signal's reason when it aborts. */
async function waitBeforeRetry(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    // It ended early: the signal says why.
    signal.throwIfAborted();
  }
}
