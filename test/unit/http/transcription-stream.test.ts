import { createParser, type EventSourceMessage } from "eventsource-parser";
import { describe, expect, it } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import { speech } from "../../helpers/fake-audio-uploads.ts";
import { FakeClient } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";
import { toxicWord } from "../../helpers/fake-served-model.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";
import { chunk, chunkedHead, formBody, formUpload, lastChunk, rawUpload } from "../../helpers/transcribe-request.ts";

const contentType = "Content-Type: audio/wav";
const formType = "Content-Type: multipart/form-data; boundary=x-boundary";

function eventsIn(text: string): EventSourceMessage[] {
  const events: EventSourceMessage[] = [];
  const parser = createParser({ onEvent: (event) => events.push(event) });
  parser.feed(text);
  return events;
}

function dataOf(text: string): unknown[] {
  return eventsIn(text).map(({ data }) => (data === "[DONE]" ? data : JSON.parse(data)));
}

describe("a transcript as a stream", () => {
  it("is a delta for each segment, the whole at the end, and [DONE]", async () => {
    await using fake = await fakeSpeechApp();
    const response = await fake.app.inject(rawUpload("?stream=true"));
    expect(response.headers).toMatchObject({
      "content-type": "text/event-stream; charset=utf-8",
      "cache-control": "no-store",
      "x-accel-buffering": "no",
      "x-request-id": fake.finished[0]?.requestId,
    });
    expect(dataOf(response.body)).toEqual([
      { type: "transcript.text.delta", delta: "Phrase 1.", start: 0, end: 2 },
      { type: "transcript.text.delta", delta: " Phrase 2.", start: 2, end: 4 },
      { type: "transcript.text.delta", delta: " Phrase 3.", start: 4, end: 5 },
      {
        type: "transcript.text.done",
        text: "Phrase 1. Phrase 2. Phrase 3.",
        language: "fr",
        duration: 5,
        partial: false,
        warnings: [],
        usage: { type: "duration", seconds: 5 },
      },
      "[DONE]",
    ]);
  });

  it("carries toxicity, and masks", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.hear = () => ({ text: `Espèce d'${toxicWord} !` });
    const { body } = await fake.app.inject(rawUpload("?stream=true&mask=true", speech(2_000)));
    expect(dataOf(body)).toMatchObject([
      { delta: "[masked]", toxicity: { flagged: true } },
      { text: "[masked]", flagged: true },
      "[DONE]",
    ]);
  });

  it("sends its first delta while a raw upload still runs", async () => {
    await using fake = await fakeSpeechApp();
    using client = await FakeClient.connect(await fake.listen());
    client.send(chunkedHead("/v1/transcribe?stream=true", contentType)).send(chunk(speech(3_000)));
    await expect.poll(() => client.rest).toContain("Phrase 1.");
    expect(client.rest).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(fake.uploads.session.isEnded).toBe(false);
    client.send(chunk(speech(1_000)));
    await expect.poll(() => client.rest).toContain("Phrase 2.");
    client.send(lastChunk);
    await expect.poll(() => client.rest).toContain("data: [DONE]");
    await expect.poll(() => fake.finished).toMatchObject([{ statusCode: 200, code: null }]);
  });

  it("sends its first delta while a form still arrives, when its fields come before its file", async () => {
    await using fake = await fakeSpeechApp();
    using client = await FakeClient.connect(await fake.listen());
    const form = formBody(["stream", "true"], ["language", "es"], ["file", speech(3_000)]);
    client.send(chunkedHead("/v1/audio/transcriptions", formType)).send(chunk(form.subarray(0, -500)));
    await expect.poll(() => client.rest).toContain("Phrase 1.");
    expect(fake.speechModel.inputs[0]?.language).toBe("es");
    client.send(chunk(form.subarray(-500))).send(lastChunk);
    await expect.poll(() => client.rest).toContain("data: [DONE]");
  });

  it("goes on at the end of its form with the models that it began with, whatever became of them meanwhile", async () => {
    await using fake = await fakeSpeechApp();
    using client = await FakeClient.connect(await fake.listen());
    const { name } = fake.speechModel.identity;
    const form = formBody(["stream", "true"], ["moderate", "true"], ["model", name], ["file", speech(3_000)]);
    client.send(chunkedHead("/v1/transcribe", formType)).send(chunk(form.subarray(0, -500)));
    await expect.poll(() => client.rest).toContain("Phrase 1.");
    fake.directory.models.splice(fake.directory.models.indexOf(fake.speechModel), 1);
    fake.model.refuseWith = () => new ServiceError("circuit_open", "broken");
    client.send(chunk(form.subarray(-500))).send(lastChunk);
    await expect.poll(() => client.rest).toContain("data: [DONE]");
  });

  it("begins at the end of a form that names it after its file", async () => {
    await using fake = await fakeSpeechApp();
    const form = formUpload("/v1/transcribe", ["file", speech(3_000)], ["stream", "true"], ["language", "es"]);
    const { body } = await fake.app.inject(form);
    expect(dataOf(body).at(-1)).toBe("[DONE]");
    expect(fake.speechModel.inputs[0]?.language).toBe("es");
  });

  it("takes fields after its file that change nothing, and tells of those that come too late", async () => {
    await using fake = await fakeSpeechApp();
    const early = [
      ["stream", "true"],
      ["language", "fr"],
      ["file", speech(300)],
    ] as const;
    const same = formUpload("/v1/transcribe", ...early, ["model", "whisper-1"], ["language", "fr"]);
    expect(dataOf((await fake.app.inject(same)).body).at(-1)).toBe("[DONE]");
    const late = await fake.app.inject(formUpload("/v1/transcribe", ...early, ["language", "es"]));
    expect(expectError(late, "invalid_request", "language").message).toMatch(/before the file/);
  });

  it("tells by an event that it failed after it had begun, and is logged with the error's status", async () => {
    await using fake = await fakeSpeechApp();
    fake.speechModel.windowsAhead = 1;
    fake.speechModel.hear = () => {
      if (fake.speechModel.inputs.length === 2) {
        throw new ServiceError("inference_process_crashed", "It crashed.");
      }
      return { text: "Bonjour." };
    };
    const response = await fake.app.inject(rawUpload("?stream=true"));
    expect(response.statusCode).toBe(200);
    const events = eventsIn(response.body);
    expect(events.map(({ event }) => event)).toEqual([undefined, "error"]);
    const { requestId } = fake.finished[0] ?? {};
    expect(JSON.parse(events[1]?.data ?? "")).toMatchObject({
      error: { code: "inference_process_crashed", type: "server_error" },
      requestId,
    });
    expect(fake.finished).toMatchObject([{ statusCode: 500, code: "inference_process_crashed" }]);
    expect(fake.uploads.session.isClosed).toBe(true);
  });

  it("that fails before its first event has the error's own status", async () => {
    await using fake = await fakeSpeechApp();
    fake.uploads.prepare = (session) => {
      session.failWith = new ServiceError("unsupported_media_type", "This is no audio.");
    };
    expectError(await fake.app.inject(rawUpload("?stream=true")), "unsupported_media_type");
  });

  it("shows that it is alive while there is nothing to say", async () => {
    await using fake = await fakeSpeechApp();
    fake.limits = { ...fake.limits, heartbeatMs: 20 };
    using client = await FakeClient.connect(await fake.listen());
    client.send(chunkedHead("/v1/transcribe?stream=true", contentType)).send(chunk(speech(10)));
    await expect.poll(() => client.rest.split(": ping\n\n").length).toBeGreaterThan(3);
    client.send(chunk(speech(10))).send(lastChunk);
    await expect.poll(() => client.rest).toContain("data: [DONE]");
    await expect.poll(() => fake.finished.length).toBe(1);
  });
});
