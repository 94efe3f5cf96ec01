import { createReadStream, writeFileSync } from "node:fs";
import { join } from "node:path";
import OpenAI, { toFile, toStreamingFile } from "openai";
import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { speech } from "../../helpers/fake-audio-uploads.ts";
import { type FakeSpeechApp, fakeSpeechApp } from "../../helpers/fake-speech-app.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";

const model = "whisper-1";
const phrases = "Phrase 1. Phrase 2. Phrase 3.";

async function connect(fake: FakeSpeechApp, options: { maxRetries?: number } = {}): Promise<OpenAI> {
  const port = await fake.listen();
  return new OpenAI({ apiKey: "none", baseURL: `http://127.0.0.1:${port}/v1`, maxRetries: 0, ...options });
}

function upload(milliseconds = 5_000) {
  return toFile(speech(milliseconds), "parole.wav");
}

function failure(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => new Error("It did not fail."),
    (error: unknown) => error,
  );
}

describe("the stock OpenAI client", () => {
  it("transcribes a file", async () => {
    await using fake = await fakeSpeechApp();
    const client = await connect(fake);
    const { text, usage } = await client.audio.transcriptions.create({ file: await upload(), model });
    expect(text).toBe(phrases);
    expect(usage).toEqual({ type: "duration", seconds: 5 });
    expect(fake.finished).toMatchObject([{ route: "/v1/audio/transcriptions", statusCode: 200 }]);
  });

  it("reads all formats", async () => {
    await using fake = await fakeSpeechApp();
    const { transcriptions } = (await connect(fake)).audio;
    fake.speechModel.hear = () => ({ text: "Bonjour." });
    const body = { file: await upload(2_000), model, language: "fr", temperature: 0 };
    const create = (format: "text" | "srt" | "vtt") => transcriptions.create({ ...body, response_format: format });
    expect((await transcriptions.create({ ...body, response_format: "json" })).text).toBe("Bonjour.");
    expect(await create("text")).toBe("Bonjour.\n");
    expect(await create("srt")).toBe("1\n00:00:00,000 --> 00:00:02,000\nBonjour.\n\n");
    expect(await create("vtt")).toBe("WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nBonjour.\n");
    const verbose = await transcriptions.create({ ...body, response_format: "verbose_json" });
    expect(verbose).toMatchObject({ duration: 2, language: "fr", text: "Bonjour." });
    expect(verbose.segments).toMatchObject([{ id: 0, start: 0, end: 2, text: "Bonjour." }]);
  });

  it("reads segments when it asks for their times", async () => {
    await using fake = await fakeSpeechApp();
    const client = await connect(fake);
    const { segments } = await client.audio.transcriptions.create({
      file: await upload(),
      model,
      response_format: "verbose_json",
      timestamp_granularities: ["segment"],
    });
    expect(segments).toHaveLength(3);
  });

  it.each([
    ["before", true],
    ["after", false],
  ])("reads a stream of text that it asks for %s its file", async (_place, isFirst) => {
    await using fake = await fakeSpeechApp();
    const client = await connect(fake);
    const file = await upload();
    const events = isFirst
      ? await client.audio.transcriptions.create({ stream: true, model, file })
      : await client.audio.transcriptions.create({ file, model, stream: true });
    let text = "";
    for await (const event of events) {
      if (event.type === "transcript.text.delta") {
        text += event.delta;
      } else if (event.type === "transcript.text.done") {
        expect(event.text).toBe(text);
      }
    }
    expect(text).toBe(phrases);
  });

  it("uploads a file that it streams from the disk", async () => {
    await using fake = await fakeSpeechApp();
    using folder = new TemporaryFolder();
    const client = await connect(fake);
    const path = join(folder.path, "parole.wav");
    writeFileSync(path, speech(5_000));
    expect((await client.audio.transcriptions.create({ file: createReadStream(path), model })).text).toBe(phrases);
  });

  it("uploads a stream whose end is not known, and reads the first words meanwhile", async () => {
    await using fake = await fakeSpeechApp();
    const client = await connect(fake);
    const heard = Promise.withResolvers<void>();
    async function* talk(): AsyncGenerator<Uint8Array> {
      yield speech(2_000);
      await heard.promise;
      yield speech(1_000);
    }
    const file = toStreamingFile(talk(), "parole.wav", { type: "audio/wav" });
    const events = await client.audio.transcriptions.create({ stream: true, model, file });
    const types: string[] = [];
    for await (const event of events) {
      types.push(event.type);
      heard.resolve();
    }
    expect(types).toEqual(["transcript.text.delta", "transcript.text.delta", "transcript.text.done"]);
  });

  it("accepts what OpenAI's service knows and ours need not: a prompt and a way to cut", async () => {
    await using fake = await fakeSpeechApp();
    const client = await connect(fake);
    const file = await upload();
    const vad = { type: "server_vad", threshold: 0.5, prefix_padding_ms: 300, silence_duration_ms: 200 } as const;
    for (const strategy of ["auto", vad] as const) {
      fake.speechModel.inputs.length = 0;
      const body = { file, model, prompt: "Bonjour", chunking_strategy: strategy };
      expect((await client.audio.transcriptions.create(body)).text).toBe(phrases);
    }
  });

  it("reads the errors of requests as its own classes", async () => {
    await using fake = await fakeSpeechApp();
    const { transcriptions } = (await connect(fake)).audio;
    const file = await upload();
    const language = await failure(transcriptions.create({ file, model, language: "xx" }));
    expect(language).toBeInstanceOf(OpenAI.BadRequestError);
    expect(language).toMatchObject({ code: "invalid_request", param: "language", requestID: expect.any(String) });
    const words = transcriptions.create({ file, model, timestamp_granularities: ["word"] });
    expect(await failure(words)).toBeInstanceOf(OpenAI.BadRequestError);
    const unknown = await failure(transcriptions.create({ file, model: "gpt-4o-transcribe-diarize" }));
    expect(unknown).toBeInstanceOf(OpenAI.NotFoundError);
    expect(unknown).toMatchObject({ code: "model_not_found", param: "model" });
  });

  it.each([
    ["empty_audio", OpenAI.UnprocessableEntityError],
    ["unsupported_media_type", OpenAI.APIError],
    ["audio_too_long", OpenAI.APIError],
    ["inference_process_crashed", OpenAI.InternalServerError],
  ] as const)("reads %s as its own class", async (code, errorClass) => {
    await using fake = await fakeSpeechApp();
    fake.uploads.prepare = (session) => {
      session.failWith = new ServiceError(code, "The audio is at fault.");
    };
    const client = await connect(fake);
    const error = await failure(client.audio.transcriptions.create({ file: await upload(), model }));
    expect(error).toBeInstanceOf(errorClass);
    expect(error).toMatchObject({ code });
  });

  it("throws an error that a stream ends with", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.windowsAhead = 1;
    fake.speechModel.hear = () => {
      if (fake.speechModel.inputs.length > 1) {
        throw new ServiceError("inference_process_crashed", "It crashed.");
      }
      return { text: "Bonjour." };
    };
    const client = await connect(fake);
    const events = await client.audio.transcriptions.create({ file: await upload(), model, stream: true });
    const texts: string[] = [];
    const error = await failure(
      (async () => {
        for await (const event of events) {
          texts.push(event.type);
        }
      })(),
    );
    expect(texts).toEqual(["transcript.text.delta"]);
    expect(error).toBeInstanceOf(OpenAI.APIError);
    expect(error).toMatchObject({ code: "inference_process_crashed" });
  });

  it("reads the answer to a large upload that is refused while it sends", async () => {
    await using fake = await fakeSpeechApp();
    fake.limits = { ...fake.limits, maxBytes: 100_000 };
    const client = await connect(fake);
    const file = await toFile(speech(300_000), "parole.wav");
    const error = await failure(client.audio.transcriptions.create({ file, model, language: "xx" }));
    expect(error).toMatchObject({ status: 400, param: "language" });
  });

  it("reads an answer that began with white space", async () => {
    await using fake = await fakeSpeechApp();
    fake.limits = { ...fake.limits, heartbeatMs: 20 };
    const client = await connect(fake);
    const { promise, resolve } = Promise.withResolvers<{ text: string }>();
    fake.speechModel.hear = () => promise;
    const answer = client.audio.transcriptions.create({ file: await upload(1_000), model });
    await expect.poll(() => fake.speechModel.inputs.length).toBe(1);
    setTimeout(() => resolve({ text: "Enfin." }), 200);
    expect((await answer).text).toBe("Enfin.");
  });
});
