import OpenAI from "openai";
import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { type FakeApp, fakeApp } from "../../helpers/fake-app.ts";
import { toxicWord } from "../../helpers/fake-served-model.ts";

async function connect(fake: FakeApp, options: { maxRetries?: number } = {}): Promise<OpenAI> {
  const port = await fake.listen();
  return new OpenAI({ apiKey: "none", baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0, ...options });
}

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("It did not fail."),
    (error: unknown) => error,
  );
}

describe("the stock OpenAI client", () => {
  it("moderates a text", async () => {
    await using fake = await fakeApp();
    const client = await connect(fake);
    const { results, model } = await client.moderations.create({ input: toxicWord, model: "omni-moderation-latest" });
    expect(model).toBe("camembert-toxicity-fr");
    expect(results).toHaveLength(1);
    expect(results[0]).toMatchObject({ flagged: true, categories: { harassment: true, hate: false } });
    expect(results[0]?.category_applied_input_types.harassment).toEqual(["text"]);
  });

  it("moderates a list of texts, and the text parts of one input", async () => {
    await using fake = await fakeApp();
    const client = await connect(fake);
    const list = await client.moderations.create({ input: ["Bonjour", toxicWord] });
    expect(list.results.map(({ flagged }) => flagged)).toEqual([false, true]);
    const parts = await client.moderations.create({ input: [{ type: "text", text: "Bonjour" }] });
    expect(parts.results.map(({ flagged }) => flagged)).toEqual([false]);
  });

  it("lists the models and retrieves one", async () => {
    await using fake = await fakeApp();
    const client = await connect(fake);
    const { data } = await client.models.list();
    expect(data.map(({ id }) => id)).toEqual(["camembert-toxicity-fr"]);
    expect((await client.models.retrieve("camembert-toxicity-fr")).object).toBe("model");
  });

  it("reads the errors of requests as its own classes, with code, parameter and request id", async () => {
    await using fake = await fakeApp();
    const client = await connect(fake);
    const blank = await failure(client.moderations.create({ input: ["Bonjour", " "] }));
    expect(blank).toBeInstanceOf(OpenAI.BadRequestError);
    expect(blank).toMatchObject({
      status: 400,
      code: "invalid_request",
      param: "input[1]",
      type: "invalid_request_error",
      requestID: fake.finished[0]?.requestId,
      message: "400 input[1] must not be blank.",
    });
    const unknown = await failure(client.moderations.create({ input: "Bonjour", model: "gpt-4o" }));
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(unknown).toMatchObject({ code: "model_not_found", param: "model" });
  });

  it("reads our own failures as InternalServerError", async () => {
    await using fake = await fakeApp();
    const client = await connect(fake);
    fake.model.runWith = () => Promise.reject(new Error("bug"));
    const error = await failure(client.moderations.create({ input: "Bonjour" }));
    expect(error).toBeInstanceOf(OpenAI.InternalServerError);
    expect(error).toMatchObject({ status: 500, code: "internal_error", type: "server_error" });
  });

  it("waits as long as a 503 says, and tries again", async () => {
    await using fake = await fakeApp();
    const client = await connect(fake, { maxRetries: 2 });
    const refusals = [new ServiceError("overloaded", "full", { retryAfterMs: 700 })];
    fake.model.refuseWith = () => refusals.shift() ?? null;
    const start = performance.now();
    const { results } = await client.moderations.create({ input: "Bonjour" });
    expect(results).toHaveLength(1);
    // Left to itself it would come back after half a second at most.
    expect(performance.now() - start).toBeGreaterThanOrEqual(690);
    expect(fake.finished.map(({ statusCode }) => statusCode)).toEqual([503, 200]);
  });

  it("does not repeat what missed its deadline", async () => {
    await using fake = await fakeApp({ deadline: { defaultMs: 60 } });
    const client = await connect(fake, { maxRetries: 2 });
    fake.model.runWith = () => Promise.withResolvers<void>().promise;
    const error = await failure(client.moderations.create({ input: "Bonjour" }));
    expect(error).toMatchObject({ status: 504, code: "deadline_exceeded" });
    expect(fake.finished).toHaveLength(1);
  });
});
