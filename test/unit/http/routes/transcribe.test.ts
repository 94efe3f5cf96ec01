import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../../src/errors.ts";
import { transcriptionSchema, verboseTranscriptionSchema } from "../../../../src/http/schemas/transcribe.ts";
import { silence, speech } from "../../../helpers/fake-audio-uploads.ts";
import { expectError } from "../../../helpers/fake-error-check.ts";
import { toxicWord } from "../../../helpers/fake-served-model.ts";
import { type FakeSpeechApp, fakeSpeechApp } from "../../../helpers/fake-speech-app.ts";
import { formUpload, rawUpload } from "../../../helpers/transcribe-request.ts";

const phrases = "Phrase 1. Phrase 2. Phrase 3.";

/** The second window holds an insult. */
function insult(fake: FakeSpeechApp): void {
  fake.speechModel.hear = () => ({
    text: fake.speechModel.inputs.length === 2 ? `Espèce d'${toxicWord} !` : "Bonjour à tous.",
  });
}

describe("POST /v1/transcribe", () => {
  it("answers json by default", async () => {
    await using fake = await fakeSpeechApp();
    const response = await fake.app.inject(rawUpload());
    expect(response.statusCode).toBe(200);
    expect(response.headers).toMatchObject({
      "content-type": "application/json; charset=utf-8",
      "content-length": String(response.rawPayload.length),
      "x-request-id": fake.finished[0]?.requestId,
      "x-content-type-options": "nosniff",
      "cache-control": "no-store",
    });
    expect(transcriptionSchema.parse(response.json())).toEqual({
      text: phrases,
      language: "fr",
      duration: 5,
      partial: false,
      warnings: [],
      usage: { type: "duration", seconds: 5 },
    });
    expect(fake.finished).toMatchObject([
      { route: "/v1/transcribe", statusCode: 200, code: null, model: "whisper-base", isTask: true },
    ]);
    expect(fake.finished[0]?.steps?.totalMs).toBeGreaterThan(0);
  });

  it("answers verbose_json with OpenAI's fields and where its times come from", async () => {
    await using fake = await fakeSpeechApp();
    fake.uploads.prepare = (session) => {
      session.isPartial = true;
      session.warnings.push("The file was cut off.");
    };
    const response = await fake.app.inject(rawUpload("?response_format=verbose_json&temperature=.2"));
    const answer = verboseTranscriptionSchema.parse(response.json());
    expect(answer).toMatchObject({
      task: "transcribe",
      text: phrases,
      language: "fr",
      duration: 5,
      partial: true,
      warnings: ["The file was cut off."],
      timestamp_source: "voice_activity",
      model: { name: "whisper-base", version: "1.0.0" },
    });
    expect(answer.segments.map(({ id, seek, start, end, text }) => [id, seek, start, end, text])).toEqual([
      [0, 0, 0, 2, "Phrase 1."],
      [1, 200, 2, 4, "Phrase 2."],
      [2, 400, 4, 5, "Phrase 3."],
    ]);
    expect(answer.segments[0]).toMatchObject({ tokens: [], temperature: 0.2, avg_logprob: -0.2, no_speech_prob: 0.01 });
    expect(answer.segments[0]).not.toHaveProperty("toxicity");
  });

  it.each([
    ["text", "text/plain; charset=utf-8", `${phrases}\n`],
    ["srt", "application/x-subrip; charset=utf-8", "1\n00:00:00,000 --> 00:00:02,000\nPhrase 1.\n\n2\n"],
    ["vtt", "text/vtt; charset=utf-8", "WEBVTT\n\n00:00:00.000 --> 00:00:02.000\nPhrase 1.\n\n00:"],
  ])("answers %s", async (format, contentType, start) => {
    await using fake = await fakeSpeechApp();
    const response = await fake.app.inject(rawUpload(`?response_format=${format}`));
    expect(response.headers["content-type"]).toBe(contentType);
    expect(response.body.slice(0, start.length)).toBe(start);
  });

  it.each([
    ["json", { text: "", language: null, duration: 3 }],
    ["verbose_json", { text: "", language: null, duration: 3, segments: [] }],
    ["text", "\n"],
    ["srt", ""],
    ["vtt", "WEBVTT\n\nNOTE Nobody speaks.\n"],
  ])("gives a valid, empty answer to silence: %s", async (format, expected) => {
    await using fake = await fakeSpeechApp();
    const response = await fake.app.inject(rawUpload(`?response_format=${format}`, silence(3_000)));
    expect(response.statusCode).toBe(200);
    if (typeof expected === "string") {
      expect(response.body).toBe(expected);
    } else {
      expect(response.json()).toMatchObject(expected);
    }
    expect(fake.speechModel.inputs).toEqual([]);
  });

  it("answers verbose_json with the temperature at which a text that went in circles was heard again", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.hear = ({ temperature }) => ({ text: "Non. ".repeat(temperature === 0 ? 200 : 1) });
    const response = await fake.app.inject(rawUpload("?response_format=verbose_json"));
    expect(verboseTranscriptionSchema.parse(response.json()).segments[0]).toMatchObject({
      text: "Non.",
      temperature: 0.4,
    });
  });

  it("says the language that was asked for when nobody speaks", async () => {
    await using fake = await fakeSpeechApp();
    const response = await fake.app.inject(rawUpload("?language=fr", silence(100)));
    expect(response.json()).toMatchObject({ language: "fr", text: "" });
  });

  it("hands the model what was asked for", async () => {
    await using fake = await fakeSpeechApp();
    await fake.app.inject(rawUpload("?language=DE&temperature=0.5"));
    expect(fake.speechModel.inputs[0]).toMatchObject({ language: "de", temperature: 0.5 });
    expect(fake.uploads.session.options).toEqual({
      windows: fake.speechModel.windows,
      maxBytes: 10_000_000,
      maxSeconds: 3600,
      isStreamed: false,
    });
  });

  it("draws anew for each request above temperature 0 only: at 0 the same file gives the same words", async () => {
    await using fake = await fakeSpeechApp();
    const seedsAt = async (temperature: number): Promise<ReadonlySet<unknown>> => {
      fake.speechModel.inputs.length = 0;
      const query = `?temperature=${temperature}`;
      await Promise.all([1, 2, 3, 4].map(() => fake.app.inject(rawUpload(query, speech(100)))));
      return new Set(fake.speechModel.inputs.map(({ seed }) => seed));
    };
    expect((await seedsAt(0)).size).toBe(1);
    expect((await seedsAt(0.5)).size).toBeGreaterThan(1);
  });

  it.each([
    ["in the query", (payload: Buffer) => rawUpload("?stream=true", payload)],
    [
      "in a form, before its file",
      (payload: Buffer) => formUpload("/v1/transcribe", ["stream", "true"], ["file", payload]),
    ],
  ])("hurries to the first words of a stream that is asked for %s", async (_where, request) => {
    await using fake = await fakeSpeechApp();
    await fake.app.inject(request(speech(100)));
    expect(fake.uploads.session.options.isStreamed).toBe(true);
  });

  it.each(["audio/mpeg", "video/mp4", "application/octet-stream", "audio/ogg; codecs=opus", "Audio/X-M4A"])(
    "takes a raw body of type %s",
    async (contentType) => {
      await using fake = await fakeSpeechApp();
      const response = await fake.app.inject({ ...rawUpload(), headers: { "content-type": contentType } });
      expect(response.json()).toMatchObject({ text: phrases });
      expect(fake.uploads.session).toMatchObject({ received: 5_000, isEnded: true, isClosed: true });
    },
  );

  it.each([
    "application/json",
    "application/x-www-form-urlencoded",
    "text/plain",
    "multipart/mixed; boundary=a",
    "audio",
  ])("refuses a body of type %s before it is read", async (contentType) => {
    await using fake = await fakeSpeechApp();
    const response = await fake.app.inject({ ...rawUpload(), headers: { "content-type": contentType } });
    expectError(response, "unsupported_media_type", "Content-Type");
    expect(fake.uploads.sessions).toEqual([]);
  });

  it("refuses a body without a type, a compressed one, and none", async () => {
    await using fake = await fakeSpeechApp();
    const upload = rawUpload();
    expectError(await fake.app.inject({ ...upload, headers: {} }), "unsupported_media_type", "Content-Type");
    const headers = { ...upload.headers, "content-encoding": "gzip" };
    expectError(await fake.app.inject({ ...upload, headers }), "unsupported_media_type", "Content-Encoding");
    expectError(await fake.app.inject({ ...rawUpload("", Buffer.alloc(0)) }), "invalid_request");
  });

  it.each([
    ["?language=xx", "language", /^language must be one of de, en, es, fr\.$/],
    ["?response_format=diarized_json", "response_format", /json or text or srt or vtt or verbose_json/],
    ["?stream=yes", "stream", /true or 1 or false or 0/],
    ["?stream=true&response_format=vtt", "stream", /false for the formats srt and vtt/],
    ["?temperature=1.5", "temperature", /number from 0 to 1/],
    ["?threshold=-1", "threshold", /number from 0 to 1/],
    ["?timestamp_granularities[]=word", "timestamp_granularities[]", /segment/],
    ["?model=a&model=b", "model", /string/],
    ["?langauge=fr", null, /known keys are model, language/],
    ["?clientId=%0A", "clientId", /control characters/],
  ])("refuses the parameters %s before the body is read", async (query, param, message) => {
    await using fake = await fakeSpeechApp();
    expect(expectError(await fake.app.inject(rawUpload(query)), "invalid_request", param).message).toMatch(message);
    expect(fake.uploads.sessions).toEqual([]);
  });

  it("knows its models by their names, and OpenAI's for its own", async () => {
    await using fake = await fakeSpeechApp();
    for (const model of ["whisper-base", "whisper-1", "gpt-4o-transcribe", ""]) {
      expect((await fake.app.inject(rawUpload(`?model=${model}`))).statusCode).toBe(200);
    }
    for (const model of ["whisper-large", "camembert-toxicity-fr", "gpt-4o-transcribe-diarize"]) {
      expectError(await fake.app.inject(rawUpload(`?model=${model}`)), "model_not_found", "model");
    }
    expect(fake.speechModel.holds).toBe(0);
  });

  it("takes client, channel and media from the parameters, also when others are wrong", async () => {
    await using fake = await fakeSpeechApp();
    await fake.app.inject(rawUpload("?clientId=appli&channel=voice&media=audio"));
    await fake.app.inject(rawUpload("?clientId=appli&language=xx"));
    expect(fake.finished).toMatchObject([
      { clientId: "appli", channel: "voice", media: "audio", statusCode: 200 },
      { clientId: "appli", channel: null, statusCode: 400 },
    ]);
    expect(fake.speechModel.contexts[0]?.client.clientId).toBe("appli");
  });
});

describe("moderation of a transcript", () => {
  it("gives each segment its toxicity", async () => {
    await using fake = await fakeSpeechApp();
    insult(fake);
    const response = await fake.app.inject(rawUpload("?moderate=true"));
    const answer = transcriptionSchema.parse(response.json());
    expect(answer.flagged).toBe(true);
    expect(answer.segments?.map(({ toxicity }) => toxicity.flagged)).toEqual([false, true, false]);
    expect(answer.text).toContain(toxicWord);
    expect(fake.model.holds).toBe(0);
  });

  it("flags from the threshold on", async () => {
    await using fake = await fakeSpeechApp();
    insult(fake);
    const response = await fake.app.inject(rawUpload("?moderate=1&threshold=0.99&response_format=verbose_json"));
    const { flagged, segments } = verboseTranscriptionSchema.parse(response.json());
    expect(flagged).toBe(false);
    expect(segments[1]?.toxicity?.score).toBeGreaterThan(0.9);
  });

  it("marks flagged cues in subtitles", async () => {
    await using fake = await fakeSpeechApp();
    insult(fake);
    const srt = await fake.app.inject(rawUpload("?moderate=true&response_format=srt"));
    expect(srt.body).toContain(`\n[toxic] Espèce d'${toxicWord} !\n`);
    fake.speechModel.inputs.length = 0;
    const vtt = await fake.app.inject(rawUpload("?moderate=true&response_format=vtt"));
    expect(vtt.body).toContain(`\n<c.toxic>Espèce d'${toxicWord} !</c>\n`);
  });

  it.each(["json", "verbose_json", "text", "srt", "vtt"])("masks flagged words in %s", async (format) => {
    await using fake = await fakeSpeechApp();
    insult(fake);
    const { body } = await fake.app.inject(rawUpload(`?mask=true&response_format=${format}`));
    expect(body).not.toContain(toxicWord);
    expect(body).toContain("[masked]");
    expect(body).toContain("Bonjour à tous.");
  });

  it("is refused while the model for it is not there", async () => {
    await using fake = await fakeSpeechApp();
    fake.directory.models = [fake.speechModel];
    expectError(await fake.app.inject(rawUpload("?moderate=true")), "model_loading");
    expect((await fake.app.inject(rawUpload())).statusCode).toBe(200);
  });

  it("is refused before the upload while the model for it is broken, and waited for while it is busy", async () => {
    await using fake = await fakeSpeechApp();
    fake.model.refuseWith = () => new ServiceError("circuit_open", "broken");
    expectError(await fake.app.inject(rawUpload("?moderate=true")), "circuit_open");
    expect(fake.uploads.sessions).toHaveLength(0);
    fake.model.refuseWith = () => new ServiceError("overloaded", "busy");
    expect((await fake.app.inject(rawUpload("?moderate=true"))).statusCode).toBe(200);
  });
});

describe("a form", () => {
  const url = "/v1/transcribe";
  const file = ["file", speech(5_000)] as const;

  it("may have its parameters before its file, after it, on both sides, and in the query", async () => {
    await using fake = await fakeSpeechApp();
    const language = ["language", "es"] as const;
    const format = ["response_format", "text"] as const;
    const forms = [
      formUpload(url, language, format, file),
      formUpload(url, file, language, format),
      formUpload(url, language, file, format),
      formUpload(`${url}?response_format=text`, file, language),
      formUpload(`${url}?language=es&response_format=srt`, file, format),
    ];
    for (const form of forms) {
      fake.speechModel.inputs.length = 0;
      const response = await fake.app.inject(form);
      expect(response.body).toBe(`${phrases}\n`);
      expect(fake.speechModel.inputs[0]?.language).toBe("es");
    }
    expect(fake.uploads.sessions.every(({ received, isClosed }) => received === 5_000 && isClosed)).toBe(true);
  });

  it("takes the last of fields with the same name, and lists", async () => {
    await using fake = await fakeSpeechApp();
    const granularity = ["timestamp_granularities[]", "segment"] as const;
    const form = formUpload(url, ["language", "en"], granularity, file, granularity, ["language", "fr"]);
    expect((await fake.app.inject(form)).statusCode).toBe(200);
    expect(fake.speechModel.inputs[0]?.language).toBe("fr");
  });

  it.each([
    ["no file", [["language", "fr"]], "file", /no file/],
    ["no part at all", [], "file", /no file/],
    ["two files", [file, file], "file", /more than one file/],
    ["a file of another name", [["audio", speech(10)]], "file", /must be its field file/],
    ["an unknown field", [file, ["langauge", "fr"]], null, /known keys are/],
    ["a bad field before the file", [["language", "xx"], file], "language", /must be one of/],
    ["a bad field after the file", [file, ["language", "xx"]], "language", /must be one of/],
    ["a field that is too long", [["model", "m".repeat(20_000)], file], null, /too long/],
    [
      "too many fields",
      [...Array.from({ length: 40 }, () => ["channel", "a"] as const), file],
      null,
      /too many fields/,
    ],
    ["a name of the prototype", [["__proto__", "1"], file], null, /not valid/],
  ] as const)("with %s is refused", async (_what, parts, param, message) => {
    await using fake = await fakeSpeechApp();
    const answer = expectError(await fake.app.inject(formUpload(url, ...parts)), "invalid_request", param);
    expect(answer.message).toMatch(message);
    expect(fake.uploads.sessions.every(({ isClosed }) => isClosed)).toBe(true);
    expect(fake.failures).toEqual([]);
  });

  it("that is cut off is refused, and its session is closed", async () => {
    await using fake = await fakeSpeechApp();
    const whole = formUpload(url, file);
    for (const length of [10, 60, 4_000, whole.payload.length - 6]) {
      const response = await fake.app.inject({ ...whole, payload: whole.payload.subarray(0, length) });
      expect(expectError(response, "invalid_request").message).toMatch(/not valid multipart/);
    }
    expect(fake.uploads.sessions.every(({ isClosed }) => isClosed)).toBe(true);
    expect(fake.failures).toEqual([]);
  });

  it("without a boundary is refused", async () => {
    await using fake = await fakeSpeechApp();
    const headers = { "content-type": "multipart/form-data; charset=utf-8" };
    expectError(await fake.app.inject({ ...formUpload(url, file), headers }), "invalid_request");
  });

  it("with a file that cannot be decoded is refused though nothing was recognized yet", async () => {
    await using fake = await fakeSpeechApp();
    fake.uploads.prepare = (session) => {
      session.failWith = new ServiceError("unsupported_media_type", "This is no audio.");
    };
    expectError(await fake.app.inject(formUpload(url, file, ["language", "fr"])), "unsupported_media_type");
  });
});

describe("a transcription that fails", () => {
  it.each(["unsupported_media_type", "empty_audio", "audio_too_long", "overloaded"] as const)(
    "because of its audio is answered with %s",
    async (code) => {
      await using fake = await fakeSpeechApp();
      fake.uploads.prepare = (session) => {
        session.failWith = new ServiceError(code, "The audio is at fault.");
      };
      expectError(await fake.app.inject(rawUpload()), code);
      expect(fake.uploads.session.isClosed).toBe(true);
      expect(fake.failures).toEqual([]);
    },
  );

  it("because of the model is answered with its error, and one of our own without detail", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.hear = () => Promise.reject(new ServiceError("inference_process_crashed", "It crashed."));
    expectError(await fake.app.inject(rawUpload()), "inference_process_crashed");
    const bug = new Error("bug");
    fake.speechModel.hear = () => Promise.reject(bug);
    expect(expectError(await fake.app.inject(rawUpload()), "internal_error").message).not.toContain("bug");
    expect(fake.failures).toMatchObject([{ where: "http", error: bug }]);
    expect(fake.uploads.sessions.every(({ isClosed }) => isClosed)).toBe(true);
    expect(fake.speechModel.holds).toBe(0);
  });

  it("before it began is refused without a session: draining, maintenance, no model, a full audio stage", async () => {
    await using fake = await fakeSpeechApp({ server: { maxConcurrentRequests: 1 } });
    fake.state = "draining";
    expectError(await fake.app.inject(rawUpload()), "draining");
    fake.state = "serving";
    fake.uploads.refuseWith = () => new ServiceError("overloaded", "Too many uploads.");
    expectError(await fake.app.inject(rawUpload()), "overloaded");
    fake.uploads.refuseWith = null;
    fake.speechModel.refuseWith = () => new ServiceError("circuit_open", "It cannot start.");
    expectError(await fake.app.inject(rawUpload()), "circuit_open");
    fake.speechModel.refuseWith = null;
    fake.directory.models = [fake.model];
    expectError(await fake.app.inject(rawUpload()), "model_not_found");
    fake.directory.models = [];
    expectError(await fake.app.inject(rawUpload()), "model_loading");
    fake.directory.models = [fake.model, fake.speechModel];
    expect((await fake.app.inject(rawUpload())).statusCode).toBe(200);
    expect(fake.uploads.sessions).toHaveLength(1);
  });
});
