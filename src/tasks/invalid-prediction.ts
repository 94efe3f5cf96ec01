import { ServiceError } from "../errors.ts";

/** The answer of a model that is none. `facts` are numbers and names that tell what it was, for the log. */
export function invalidPrediction(facts: Readonly<Record<string, unknown>>): ServiceError {
  return new ServiceError("invalid_prediction", "The model gave an invalid answer.", { facts });
}
