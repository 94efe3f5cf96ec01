import { setImmediate } from "node:timers/promises";
import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { moderateTexts, type Toxicity } from "../../../src/tasks/moderate-texts.ts";
import { strictEventBus } from "../../helpers/event-bus.ts";
import { FakeServedModel, toxicWord } from "../../helpers/fake-served-model.ts";
import { requestContext } from "../../helpers/request-context.ts";

test("each text gets its toxic score, and is flagged from the threshold on", async () => {
  const [kind, toxic] = await moderate(new FakeServedModel(), ["Bonjour.", `Quel ${toxicWord}.`]);
  expect(kind?.flagged).toBe(false);
  expect(kind?.score).toBeLessThan(0.1);
  expect(toxic?.flagged).toBe(true);
  expect(toxic?.score).toBeGreaterThan(0.9);
});

test("no text is nothing to ask the model about", async () => {
  const model = new FakeServedModel();
  expect(await moderate(model, [])).toEqual([]);
  expect(model.contexts).toEqual([]);
});

test.each(["overloaded", "model_loading", "circuit_open"] as const)(
  "a model that answers %s is waited for",
  async (code) => {
    const model = new FakeServedModel();
    let refusals = 2;
    model.runWith = () =>
      refusals-- > 0 ? Promise.reject(new ServiceError(code, "later", { retryAfterMs: 1 })) : Promise.resolve();
    expect(await moderate(model, ["Bonjour."])).toHaveLength(1);
    expect(model.contexts).toHaveLength(3);
  },
);

test("the wait for a full queue ends with the request", async () => {
  const model = new FakeServedModel();
  const controller = new AbortController();
  model.runWith = () => Promise.reject(new ServiceError("overloaded", "full", { retryAfterMs: 600_000 }));
  const failed = moderate(model, ["Bonjour."], controller.signal);
  await setImmediate();
  const reason = new ServiceError("deadline_exceeded", "late");
  controller.abort(reason);
  await expect(failed).rejects.toBe(reason);
});

test("any other failure is the request's", async () => {
  const model = new FakeServedModel();
  const failure = new ServiceError("invalid_prediction", "not a number");
  model.runWith = () => Promise.reject(failure);
  await expect(moderate(model, ["Bonjour."])).rejects.toBe(failure);
});

function moderate(model: FakeServedModel, texts: readonly string[], signal?: AbortSignal): Promise<Toxicity[]> {
  const context = requestContext(signal === undefined ? {} : { signal });
  return moderateTexts(model, { texts, threshold: 0.5 }, context, strictEventBus());
}
