import { randomInt } from "node:crypto";
import { ServiceError } from "../errors.ts";
import type { ModelDirectory, SpeechModel, TextModel } from "../tasks/served-model.ts";
import type { TranscribeInput } from "../tasks/transcribe.ts";
import type { Exchange } from "./exchange.ts";
import { knownError } from "./known-error.ts";
import { largestSeed, type TranscribeParameters } from "./schemas/transcribe.ts";

/** Names that stock clients send by default; they mean "the service's own model". */
const openaiModels: ReadonlySet<string> = new Set([
  "whisper-1",
  "gpt-transcribe",
  "gpt-4o-transcribe",
  "gpt-4o-mini-transcribe",
  "gpt-4o-mini-transcribe-2025-03-20",
  "gpt-4o-mini-transcribe-2025-12-15",
]);

/** What a request asks for, with everything that it needs. */
export interface TranscriptionPlan extends TranscribeInput {
  readonly model: SpeechModel;
  readonly parameters: TranscribeParameters;
}

/**
 * Finds the models for what was asked. Those of an earlier plan stay, whatever becomes of them.
 * @param earlier what the request was planned as before all of its parameters were known; null before that.
 * @throws ServiceError `model_not_found`; `invalid_request` for a language that the model does not know; what the model says
 * against one request more; `model_loading` or `circuit_open` when the model that scores toxicity cannot do so.
 */
export function planTranscription(
  parameters: TranscribeParameters,
  exchange: Exchange,
  models: ModelDirectory,
  earlier: TranscriptionPlan | null,
): TranscriptionPlan {
  const name = nameOfModel(parameters.model, exchange);
  const model =
    earlier?.model.identity.name === name ? earlier.model : findSpeechModel(name, exchange, models, earlier);
  const { threshold = exchange.config.classify.threshold, temperature, moderate, mask } = parameters;
  return {
    model,
    parameters,
    language: knownLanguage(parameters.language, model),
    temperature,
    // At temperature 0 it matters only where a text went in circles: that, too, is to be the same every time.
    seed: parameters.seed ?? (temperature === 0 ? 0 : randomInt(largestSeed + 1)),
    moderation: moderate || mask ? (earlier?.moderation ?? findModerationModel(exchange, models)) : null,
    threshold,
  };
}

function findSpeechModel(
  name: string,
  exchange: Exchange,
  models: ModelDirectory,
  earlier: TranscriptionPlan | null,
): SpeechModel {
  const { model: defaultModel } = exchange.admission;
  const model = name === defaultModel.identity.name ? defaultModel : models.find(name);
  if (model?.task !== "automatic-speech-recognition") {
    throw new ServiceError("model_not_found", "The model does not exist or hears nothing; see /v1/models.", {
      param: "model",
    });
  }
  // At the door it was not known which model it would be.
  const refusal = model.refusal(exchange.client);
  if (refusal !== null) {
    // What refused it, for the log.
    exchange.model = name;
    if (earlier === null) {
      // As at the door: the audio has not been read.
      void exchange.bill?.giveBack();
    }
    throw refusal;
  }
  return model;
}

/** The name of the service's own model for all that mean it. An empty field is one that was not filled in. */
function nameOfModel(name: string | undefined, { admission }: Exchange): string {
  return name === undefined || name === "" || openaiModels.has(name) ? admission.model.identity.name : name;
}

function knownLanguage(language: string | undefined, { languages }: SpeechModel): string | null {
  if (language === undefined || language === "") {
    return null;
  }
  const code = language.toLowerCase();
  if (!languages.includes(code)) {
    throw new ServiceError("invalid_request", `language must be one of ${languages.join(", ")}.`, {
      param: "language",
    });
  }
  return code;
}

function findModerationModel({ config, admission }: Exchange, models: ModelDirectory): TextModel {
  const model = models.find(config.classify.model);
  if (model?.task !== "text-classification") {
    throw new ServiceError("model_loading", "The model that scores toxicity is being loaded; try again.");
  }
  const refusal = model.refusal({ address: admission.holder, clientId: "" });
  // A full queue is waited for.
  if (refusal !== null && knownError(refusal)?.code !== "overloaded") {
    throw refusal;
  }
  return model;
}
