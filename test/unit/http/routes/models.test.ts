import { describe, expect, it } from "vitest";
import { fakeApp } from "../../../helpers/fake-app.ts";
import { expectError } from "../../../helpers/fake-error-check.ts";
import { FakeServedModel } from "../../../helpers/fake-served-model.ts";

const description = {
  id: "camembert-toxicity-fr",
  object: "model",
  created: expect.any(Number),
  owned_by: "guardrail-api",
  task: "text-classification",
  version: "1.0.0",
  digest: `sha256:${"0".repeat(64)}`,
  device: "cpu",
  state: "ready",
  labels: ["non_toxic", "toxic"],
};

describe("GET /v1/models", () => {
  it("lists what is served now, in OpenAI's shape", async () => {
    await using fake = await fakeApp();
    fake.directory.models.push(new FakeServedModel("other"));
    fake.model.currentState = "circuit_open";
    const response = await fake.app.inject("/v1/models");
    expect(response.statusCode).toBe(200);
    expect(response.json()).toEqual({
      object: "list",
      data: [
        { ...description, state: "circuit_open" },
        { ...description, id: "other" },
      ],
    });
  });
});

describe("GET /v1/models/:name", () => {
  it("describes one model", async () => {
    await using fake = await fakeApp();
    expect((await fake.app.inject("/v1/models/camembert-toxicity-fr")).json()).toEqual(description);
  });

  it.each(["gpt-4o", "a%2Fb", "a".repeat(100)])("does not know %s, and does not repeat it", async (name) => {
    await using fake = await fakeApp();
    const { message } = expectError(await fake.app.inject(`/v1/models/${name}`), "model_not_found", "name");
    expect(message).not.toContain(name);
  });

  it("counts a name longer than any model's as an unknown path", async () => {
    await using fake = await fakeApp();
    expectError(await fake.app.inject(`/v1/models/${"a".repeat(500)}`), "not_found");
  });
});
