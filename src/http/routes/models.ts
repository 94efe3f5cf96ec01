import { ServiceError } from "../../errors.ts";
import type { ModelDirectory } from "../../tasks/served-model.ts";
import type { App } from "../app.ts";
import { describeModel } from "../describe-model.ts";
import { modelListSchema, modelParametersSchema, modelSchema } from "../schemas/models.ts";
import { keyErrors } from "./route-errors.ts";
import type { SpeechDependencies } from "./transcription.ts";

/** `GET /v1/models` and `GET /v1/models/:name`, in OpenAI's shape with some fields more. */
export function addModelRoutes(app: App, models: ModelDirectory, limits: SpeechDependencies["limits"]): void {
  const created = Math.floor(Date.now() / 1000);

  app.get(
    "/v1/models",
    {
      config: { access: "any", isLimited: true, errors: keyErrors },
      schema: {
        operationId: "listModels",
        tags: ["Models"],
        summary: "List the models that are served",
        response: { 200: modelListSchema },
      },
    },
    ({ exchange }) => ({
      object: "list" as const,
      data: models.list().map((model) => describeModel(model, created, limits(exchange.config))),
    }),
  );

  app.get(
    "/v1/models/:name",
    {
      config: { access: "any", isLimited: true, errors: [...keyErrors, "model_not_found"] },
      schema: {
        operationId: "retrieveModel",
        tags: ["Models"],
        summary: "Describe one model",
        params: modelParametersSchema,
        response: { 200: modelSchema },
      },
    },
    ({ params, exchange }) => {
      const model = models.find(params.name);
      if (model === null) {
        throw new ServiceError("model_not_found", "The model does not exist; see /v1/models.", { param: "name" });
      }
      return describeModel(model, created, limits(exchange.config));
    },
  );
}
