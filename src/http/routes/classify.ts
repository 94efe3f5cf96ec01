import { countCodePoints } from "../../admission/input-limits.ts";
import type { EventBus } from "../../events.ts";
import { type ClassifyResult, classify } from "../../tasks/classify.ts";
import type { App } from "../app.ts";
import type { Exchange } from "../exchange.ts";
import { payForTexts, settleTexts } from "../pay.ts";
import { classifyRequestSchema, classifyResponseSchema } from "../schemas/classify.ts";
import { toMicroseconds } from "../to-microseconds.ts";
import { taskErrors } from "./route-errors.ts";

/** `POST /v1/classify`: toxicity scores of French texts. */
export function addClassifyRoute(app: App, events: EventBus): void {
  app.post(
    "/v1/classify",
    {
      config: { isTask: true, access: "classify", isLimited: true, errors: taskErrors },
      schema: {
        operationId: "classify",
        tags: ["Tasks"],
        summary: "Score texts for toxicity",
        description:
          "Scores 1 to 32 French texts. One bad text fails the request. Of duplicate keys in the body the last counts.",
        body: classifyRequestSchema,
        response: { 200: classifyResponseSchema },
      },
    },
    async ({ exchange, body }) => {
      const texts = body.inputs.classificationInputs;
      const threshold = body.options?.threshold ?? exchange.config.classify.threshold;
      const result = await runClassify(exchange, { texts, threshold }, body.options?.timeoutMs ?? null, events);
      return {
        model: result.model,
        classificationScores: result.classifications.map(({ scores }) => [...scores]),
        results: result.classifications.map(({ label, flagged, tokens, windows, spans }) => ({
          label,
          flagged,
          tokens,
          windows,
          spans: [...spans],
        })),
        timings: result.steps,
      };
    },
  );
}

/** Runs the task under the exchange's deadline, and notes what the log line will say about it. */
export async function runClassify(
  exchange: Exchange,
  input: { readonly texts: readonly string[]; readonly threshold: number },
  timeoutMs: number | null,
  events: EventBus,
): Promise<ClassifyResult> {
  exchange.inputLength = input.texts.reduce((total, text) => total + countCodePoints(text), 0);
  const { model } = exchange.admission;
  if (model.task !== "text-classification") {
    throw new Error("The request was let in for a model that scores no texts.");
  }
  const context = exchange.context(timeoutMs);
  const payment = payForTexts(exchange, input.texts.length);
  if (payment !== null) {
    await exchange.race(payment);
  }
  const result = await exchange.race(classify(model, input, context, events));
  settleTexts(
    exchange,
    result.classifications.reduce((total, { tokens }) => total + tokens, 0),
  );
  const steps = {
    queueMs: toMicroseconds(result.steps.queueMs),
    preprocessMs: toMicroseconds(result.steps.preprocessMs),
    inferenceMs: toMicroseconds(result.steps.inferenceMs),
    // From the headers on: what the client waited for, its own upload included.
    totalMs: toMicroseconds(performance.now() - exchange.startedAt),
  };
  exchange.steps = steps;
  return { ...result, steps };
}
