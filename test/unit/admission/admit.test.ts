import { describe, expect, it } from "vitest";
import { acquirePermit, modelOrRefusal, type StateFacts } from "../../../src/admission/admit.ts";
import { ConcurrencyLimit } from "../../../src/admission/concurrency-limit.ts";
import { ServiceError } from "../../../src/errors.ts";

const model = "a model";

function facts(changes: Partial<StateFacts<string>> = {}): StateFacts<string> {
  return { isDraining: false, isInMaintenance: false, model, refusal: () => null, ...changes };
}

describe("modelOrRefusal", () => {
  it("gives the model when nothing speaks against it", () => {
    expect(modelOrRefusal(facts())).toBe(model);
  });

  it.each([
    ["draining", facts({ isDraining: true, isInMaintenance: true, model: null })],
    ["maintenance", facts({ isInMaintenance: true, model: null })],
    ["model_loading", facts({ model: null })],
  ])("refuses with %s and a time to come back", (code, given) => {
    const refusal = modelOrRefusal(given);
    expect(refusal).toBeInstanceOf(ServiceError);
    expect(refusal).toMatchObject({ code, retryAfterMs: expect.any(Number) });
  });

  it("refuses as the model does", () => {
    const overloaded = new ServiceError("overloaded", "full", { retryAfterMs: 70 });
    const asked: string[] = [];
    const refusal = (each: string): Error => {
      asked.push(each);
      return overloaded;
    };
    expect(modelOrRefusal(facts({ refusal }))).toBe(overloaded);
    expect(asked).toEqual([model]);
  });
});

describe("acquirePermit", () => {
  it("refuses with overloaded when all permits are in use", () => {
    const limit = new ConcurrencyLimit(() => 1);
    expect(acquirePermit(limit, "192.0.2.1", "/v1/classify")).not.toBeInstanceOf(Error);
    expect(limit.inUse).toBe(1);
    expect(acquirePermit(limit, "192.0.2.1", "/v1/classify")).toMatchObject({
      code: "overloaded",
      retryAfterMs: limit.retryAfterMs,
    });
  });
});
