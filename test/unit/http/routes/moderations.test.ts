import { describe, expect, it } from "vitest";
import { moderationCategories } from "../../../../src/http/schemas/moderations.ts";
import { fakeApp } from "../../../helpers/fake-app.ts";
import { expectError } from "../../../helpers/fake-error-check.ts";
import { FakeServedModel, toxicWord } from "../../../helpers/fake-served-model.ts";

const request = { method: "POST", url: "/v1/moderations" } as const;

interface Moderations {
  readonly id: string;
  readonly model: string;
  readonly results: {
    readonly flagged: boolean;
    readonly categories: Record<string, boolean>;
    readonly category_scores: Record<string, number>;
    readonly category_applied_input_types: Record<string, string[]>;
  }[];
}

describe("POST /v1/moderations", () => {
  it("calls a toxic text harassment, and nothing else", async () => {
    await using fake = await fakeApp();
    const response = await fake.app.inject({ ...request, payload: { input: toxicWord } });
    expect(response.statusCode).toBe(200);
    const { id, model, results } = response.json<Moderations>();
    expect(id).toMatch(/^modr-[0-9a-f]{32}$/);
    expect(model).toBe("camembert-toxicity-fr");
    expect(results).toHaveLength(1);
    expect(results[0]?.flagged).toBe(true);
    const {
      categories = {},
      category_scores: scores = {},
      category_applied_input_types: types = {},
    } = results[0] ?? {};
    for (const category of moderationCategories) {
      const isToxic = category === "harassment";
      expect(categories[category]).toBe(isToxic);
      expect(scores[category]).toBeCloseTo(isToxic ? 0.982 : 0, 3);
      expect(types[category]).toEqual(isToxic ? ["text"] : []);
    }
    expect(Object.keys(categories)).toEqual([...moderationCategories]);
  });

  it("gives one result for each text of a list", async () => {
    await using fake = await fakeApp();
    const response = await fake.app.inject({ ...request, payload: { input: ["Bonjour", toxicWord] } });
    expect(response.json<Moderations>().results.map(({ flagged }) => flagged)).toEqual([false, true]);
  });

  it("gives one result for all text parts together: that of the worst", async () => {
    await using fake = await fakeApp();
    const input = ["Bonjour", toxicWord, "merci"].map((text) => ({ type: "text", text }));
    const { results } = (await fake.app.inject({ ...request, payload: { input } })).json<Moderations>();
    expect(results).toMatchObject([{ flagged: true, category_scores: { harassment: expect.closeTo(0.982, 3) } }]);
  });

  it("flags by the threshold of the configuration", async () => {
    await using fake = await fakeApp({ classify: { threshold: 0.99 } });
    const { results } = (await fake.app.inject({ ...request, payload: { input: toxicWord } })).json<Moderations>();
    expect(results).toMatchObject([{ flagged: false, categories: { harassment: false } }]);
  });

  it.each([null, "omni-moderation-latest", "text-moderation-stable", "camembert-toxicity-fr"])(
    "takes %j for its own model",
    async (model) => {
      await using fake = await fakeApp();
      const response = await fake.app.inject({ ...request, payload: { input: "Bonjour", model } });
      expect(response.json<Moderations>().model).toBe("camembert-toxicity-fr");
    },
  );

  it("uses another of the models that are served when it is asked for by name", async () => {
    await using fake = await fakeApp();
    const other = new FakeServedModel("other");
    fake.directory.models.push(other);
    const response = await fake.app.inject({ ...request, payload: { input: "Bonjour", model: "other" } });
    expect(response.json<Moderations>().model).toBe("other");
    expect(other.contexts).toHaveLength(1);
    expect(fake.finished[0]?.model).toBe("other");
  });

  it("knows no other models, and none that does not classify", async () => {
    await using fake = await fakeApp();
    const speech = Object.assign(new FakeServedModel("whisper"), { task: "automatic-speech-recognition" });
    fake.directory.models.push(speech);
    for (const model of ["gpt-4o", "whisper"]) {
      const response = await fake.app.inject({ ...request, payload: { input: "Bonjour", model } });
      const { message } = expectError(response, "model_not_found", "model");
      expect(message).not.toContain(model);
    }
  });

  it("refuses images", async () => {
    await using fake = await fakeApp();
    const input = [{ type: "image_url", image_url: { url: "https://example.com/a.png" } }];
    expectError(await fake.app.inject({ ...request, payload: { input } }), "invalid_request", "input[0].type");
  });
});
