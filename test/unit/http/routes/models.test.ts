import { describe, expect, it } from "vitest";
import { fakeApp } from "../../../helpers/fake-app.ts";
import { expectError } from "../../../helpers/fake-error-check.ts";
import { FakeServedModel } from "../../../helpers/fake-served-model.ts";
import { fakeSpeechApp } from "../../../helpers/fake-speech-app.ts";

const description = {
  id: "camembert-toxicity-fr",
  object: "model",
  created: expect.any(Number),
  owned_by: "guardrail-api",
  task: "text-classification",
  version: "1.0.0",
  digest: `sha256:${"0".repeat(64)}`,
  device: "cpu",
  precision: "int8",
  state: "ready",
  labels: ["non_toxic", "toxic"],
  limits: { texts: 32, characters: 10_000 },
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
  it("says of a speech model what may be asked of it", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.detectsLanguage = false;
    const { id, labels, ...described } = (await fake.app.inject("/v1/models/whisper-base")).json<typeof description>();
    expect([id, labels]).toEqual(["whisper-base", undefined]);
    expect(described).toMatchObject({
      task: "automatic-speech-recognition",
      languages: ["de", "en", "es", "fr"],
      detects_language: false,
      response_formats: ["json", "text", "srt", "vtt", "verbose_json"],
      stream_formats: ["json", "text", "verbose_json"],
      timestamp_source: "voice_activity",
      timestamp_granularities: ["segment"],
      limits: { upload_bytes: 10_000_000, audio_seconds: 3600, window_seconds: 30 },
    });
  });

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
