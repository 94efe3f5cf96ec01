import { randomUUID } from "node:crypto";
import { ServiceError } from "../../errors.ts";
import type { EventBus } from "../../events.ts";
import { type TextClassification, toxicLabel } from "../../tasks/classify.ts";
import type { ModelDirectory, ServedModel } from "../../tasks/served-model.ts";
import type { App } from "../app.ts";
import {
  type ModerationCategory,
  type ModerationInput,
  moderationCategories,
  moderationRequestSchema,
  moderationResponseSchema,
} from "../schemas/moderations.ts";
import { runClassify } from "./classify.ts";
import { taskErrors } from "./route-errors.ts";

/** Names that stock clients send by default; they mean "the service's own model". */
const openaiModels: ReadonlySet<string> = new Set([
  "omni-moderation-latest",
  "omni-moderation-2024-09-26",
  "text-moderation-latest",
  "text-moderation-stable",
  "text-moderation-007",
]);

/** OpenAI's category for what our model calls toxic; it cannot see the others. */
const toxicCategory: ModerationCategory = "harassment";

/** `POST /v1/moderations`: the classify task in OpenAI's shape. */
export function addModerationsRoute(app: App, models: ModelDirectory, events: EventBus): void {
  app.post(
    "/v1/moderations",
    {
      config: { isTask: true, access: "classify", isLimited: true, errors: [...taskErrors, "model_not_found"] },
      schema: {
        operationId: "createModeration",
        tags: ["Tasks"],
        summary: "Score texts for toxicity, in OpenAI's shape",
        description:
          "For stock OpenAI clients. The toxic score is that of harassment; categories that the model cannot see are " +
          "false with score 0. Text parts are one input: its score is that of its worst part. Of duplicate keys in the " +
          "body the last counts.",
        body: moderationRequestSchema,
        response: { 200: moderationResponseSchema },
      },
    },
    async ({ exchange, body }) => {
      exchange.useModel(findModel(body.model ?? null, exchange.admission.model, models));
      const { texts, areParts } = textsOf(body.input);
      const { threshold } = exchange.config.classify;
      const { model, classifications } = await runClassify(exchange, { texts, threshold }, null, events);
      return {
        id: `modr-${randomUUID().replaceAll("-", "")}`,
        model: model.name,
        results: areParts ? [toModeration(classifications)] : classifications.map((each) => toModeration([each])),
      };
    },
  );
}

/** @throws ServiceError `model_not_found` for a name that is neither ours nor OpenAI's. */
function findModel(name: string | null, defaultModel: ServedModel, models: ModelDirectory): ServedModel {
  if (name === null || openaiModels.has(name)) {
    return defaultModel;
  }
  const model = models.find(name);
  if (model === null || model.task !== defaultModel.task) {
    throw new ServiceError("model_not_found", "The model does not exist; see /v1/models.", { param: "model" });
  }
  return model;
}

function textsOf(input: ModerationInput): { texts: string[]; areParts: boolean } {
  if (typeof input === "string") {
    return { texts: [input], areParts: false };
  }
  return {
    texts: input.map((item) => (typeof item === "string" ? item : item.text)),
    areParts: input.some((item) => typeof item !== "string"),
  };
}

/** One input's moderation: the worst of its parts. */
function toModeration(parts: readonly TextClassification[]) {
  const flagged = parts.some((part) => part.flagged);
  const score = Math.max(...parts.map(({ scores }) => scores.find(({ label }) => label === toxicLabel)?.score ?? 0));
  return {
    flagged,
    categories: byCategory(flagged, false),
    category_scores: byCategory(score, 0),
    category_applied_input_types: byCategory<"text"[]>(["text"], []),
  };
}

function byCategory<Value>(toxic: Value, others: Value): Record<ModerationCategory, Value> {
  const entries = moderationCategories.map((category) => [category, category === toxicCategory ? toxic : others]);
  return Object.fromEntries(entries) as Record<ModerationCategory, Value>;
}
