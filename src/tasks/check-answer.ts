import { ServiceError } from "../errors.ts";
import type { EventBus } from "../events.ts";
import type { ModelCommon } from "./served-model.ts";

/** Gives the answer that `work` comes to, and tells whether the model's part in it was valid. Other failures say nothing of it. */
export async function checkAnswer<Answer>(
  { id: modelId, identity: { name: model } }: Pick<ModelCommon, "id" | "identity">,
  events: EventBus,
  work: () => Promise<Answer>,
): Promise<Answer> {
  try {
    const answer = await work();
    events.emit("answer_checked", { model, modelId, isValid: true });
    return answer;
  } catch (error) {
    if (error instanceof ServiceError && error.code === "invalid_prediction") {
      events.emit("answer_checked", { model, modelId, isValid: false });
    }
    throw error;
  }
}
