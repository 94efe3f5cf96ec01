import { ServiceError } from "../errors.ts";
import type { ConcurrencyLimit, Permit } from "./concurrency-limit.ts";

/** Another replica takes over at once when this one drains. */
const drainingRetryMs = 1_000;

/** Maintenance is announced by people and takes minutes. */
const maintenanceRetryMs = 60_000;

/** A model that is not in the directory yet is still being opened. */
const modelLoadingRetryMs = 1_000;

/** What the service can say about itself before it knows more of a request than its headers. */
export interface StateFacts<Served> {
  readonly isDraining: boolean;
  readonly isInMaintenance: boolean;
  /** The model that the request most likely needs; null when it is not there yet. */
  readonly model: Served | null;
  /** What the model says against one request more, or null. */
  readonly refusal: (model: Served) => Error | null;
}

/**
 * Returns the model that will work, or the error that a task request meets whoever sends it. Cheap: under overload this is where
 * most requests end.
 */
export function modelOrRefusal<Served>({
  isDraining,
  isInMaintenance,
  model,
  refusal,
}: StateFacts<Served>): Served | Error {
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
  return refusal(model) ?? model;
}

/** Takes a permit for the holder on the route, or returns `overloaded`. */
export function acquirePermit(limit: ConcurrencyLimit, holder: string, route: string): Permit | Error {
  return (
    limit.tryAcquire(holder, performance.now(), route) ??
    new ServiceError("overloaded", "Too many requests are in flight; try again later.", {
      retryAfterMs: limit.retryAfterMs,
    })
  );
}
