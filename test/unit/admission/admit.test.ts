import { describe, expect, it } from "vitest";
import { type AdmissionFacts, admit } from "../../../src/admission/admit.ts";
import { ConcurrencyLimit } from "../../../src/admission/concurrency-limit.ts";
import { ServiceError } from "../../../src/errors.ts";
import type { ClientKey } from "../../../src/scheduler/request-context.ts";

type Model = { refusal(client: ClientKey): Error | null };

const client: ClientKey = { address: "192.0.2.1", clientId: "" };
const willing: Model = { refusal: () => null };

function facts(changes: Partial<AdmissionFacts<Model>> = {}): AdmissionFacts<Model> {
  return {
    isDraining: false,
    isInMaintenance: false,
    limit: new ConcurrencyLimit(() => 1),
    model: willing,
    client,
    ...changes,
  };
}

describe("admit", () => {
  it("gives a permit and the model when nothing speaks against it", () => {
    const limit = new ConcurrencyLimit(() => 1);
    expect(admit(facts({ limit }))).toMatchObject({ model: willing });
    expect(limit.inUse).toBe(1);
  });

  it.each([
    ["draining", facts({ isDraining: true, isInMaintenance: true, model: null })],
    ["maintenance", facts({ isInMaintenance: true, model: null })],
    ["model_loading", facts({ model: null })],
  ])("refuses with %s and a time to come back", (code, given) => {
    const refusal = admit(given);
    expect(refusal).toBeInstanceOf(ServiceError);
    expect(refusal).toMatchObject({ code, retryAfterMs: expect.any(Number) });
  });

  it("refuses as the model does, and keeps the permit", () => {
    const overloaded = new ServiceError("overloaded", "full", { retryAfterMs: 70 });
    const asked: ClientKey[] = [];
    const limit = new ConcurrencyLimit(() => 1);
    const model: Model = {
      refusal: (key) => {
        asked.push(key);
        return overloaded;
      },
    };
    expect(admit(facts({ limit, model }))).toBe(overloaded);
    expect(asked).toEqual([client]);
    expect(limit.inUse).toBe(0);
  });

  it("refuses with overloaded when all permits are in use", () => {
    const limit = new ConcurrencyLimit(() => 1);
    admit(facts({ limit }));
    expect(admit(facts({ limit }))).toMatchObject({ code: "overloaded", retryAfterMs: limit.retryAfterMs });
  });
});
