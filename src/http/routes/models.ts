import { ServiceError } from "../../errors.ts";
import type { ModelDirectory, ServedModel } from "../../tasks/served-model.ts";
import type { App } from "../app.ts";
import { modelListSchema, modelParametersSchema, modelSchema } from "../schemas/models.ts";
import { commonErrors } from "./route-errors.ts";

const ownedBy = "guardrail-api";

/** `GET /v1/models` and `GET /v1/models/:name`, in OpenAI's shape with some fields more. */
export function addModelRoutes(app: App, models: ModelDirectory): void {
  const created = Math.floor(Date.now() / 1000);

  app.get(
    "/v1/models",
    {
      config: { errors: commonErrors },
      schema: {
        operationId: "listModels",
        tags: ["Models"],
        summary: "List the models that are served",
        response: { 200: modelListSchema },
      },
    },
    () => ({ object: "list" as const, data: models.list().map((model) => describe(model, created)) }),
  );

  app.get(
    "/v1/models/:name",
    {
      config: { errors: [...commonErrors, "model_not_found"] },
      schema: {
        operationId: "retrieveModel",
        tags: ["Models"],
        summary: "Describe one model",
        params: modelParametersSchema,
        response: { 200: modelSchema },
      },
    },
    ({ params }) => {
      const model = models.find(params.name);
      if (model === null) {
        throw new ServiceError("model_not_found", "The model does not exist; see /v1/models.", { param: "name" });
      }
      return describe(model, created);
    },
  );
}

function describe(model: ServedModel, created: number) {
  const { name, version, digest } = model.identity;
  return {
    id: name,
    object: "model" as const,
    created,
    owned_by: ownedBy,
    task: model.task,
    version,
    digest,
    device: model.device,
    state: model.state(),
    ...(model.task === "text-classification" ? { labels: [...model.labels] } : { languages: [...model.languages] }),
  };
}
