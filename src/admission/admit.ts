import { ServiceError } from "../errors.ts";
import type { ClientKey } from "../scheduler/request-context.ts";
import type { ConcurrencyLimit, Permit } from "./concurrency-limit.ts";

/** Another replica takes over at once when this one drains. */
const drainingRetryMs = 1_000;

/** Maintenance is announced by people and takes minutes. */
const maintenanceRetryMs = 60_000;

/** A model that is not in the directory yet is still being opened. */
const modelLoadingRetryMs = 1_000;

/** What admission needs to know of a model. */
interface Model {
  refusal(client: ClientKey): Error | null;
}

export interface AdmissionFacts<Served extends Model> {
  readonly isDraining: boolean;
  readonly isInMaintenance: boolean;
  readonly limit: ConcurrencyLimit;
  /** The model that the request most likely needs; null when it is not there yet. */
  readonly model: Served | null;
  readonly client: ClientKey;
}

export interface Admitted<Served extends Model> {
  readonly permit: Permit;
  readonly model: Served;
}

/**
 * Lets a task request in, or returns the error that it meets. Decides from what is known before a body is read, and
 * cheaply: under overload this is where most requests end.
 */
export function admit<Served extends Model>(facts: AdmissionFacts<Served>): Admitted<Served> | Error {
  const { isDraining, isInMaintenance, limit, model, client } = facts;
  if (isDraining) {
    return new ServiceError("draining", "The service is shutting down; try again.", { retryAfterMs: drainingRetryMs });
  }
  if (isInMaintenance) {
    return new ServiceError("maintenance", "The service is under maintenance; try again later.", {
      retryAfterMs: maintenanceRetryMs,
    });
  }
  if (model === null) {
    return new ServiceError("model_loading", "The model is being loaded; try again.", {
      retryAfterMs: modelLoadingRetryMs,
    });
  }
  const refusal = model.refusal(client);
  if (refusal !== null) {
    return refusal;
  }
  const permit = limit.tryAcquire(client.address);
  if (permit === null) {
    return new ServiceError("overloaded", "Too many requests are in flight; try again later.", {
      retryAfterMs: limit.retryAfterMs,
    });
  }
  return { permit, model };
}
