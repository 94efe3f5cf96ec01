import { expect, test } from "vitest";
import { ServiceError } from "../../../src/errors.ts";
import type { FakeAppChanges } from "../../helpers/fake-app.ts";
import { speech } from "../../helpers/fake-audio-uploads.ts";
import { FakeClient } from "../../helpers/fake-client.ts";
import { expectError } from "../../helpers/fake-error-check.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";
import { FakeSpeechModel } from "../../helpers/fake-speech-model.ts";
import { chunk, chunkedHead, formBody, formUpload, lastChunk, rawUpload } from "../../helpers/transcribe-request.ts";

const formType = "Content-Type: multipart/form-data; boundary=x-boundary";

const broken = (): Error => new ServiceError("circuit_open", "broken");
const full = (): Error => new ServiceError("overloaded", "full");

async function withTwoModels(changes: FakeAppChanges = {}) {
  const fake = await fakeSpeechApp(changes);
  const other = new FakeSpeechModel("other");
  fake.directory.models.push(other);
  return Object.assign(fake, { other });
}

test("a model that is named works while the usual one is broken, which refuses its own", async () => {
  await using fake = await withTwoModels();
  fake.speechModel.refuseWith = broken;
  expect((await fake.app.inject(rawUpload("?model=other"))).statusCode).toBe(200);
  const form = formUpload("/v1/audio/transcriptions", ["file", speech(3_000)], ["model", "other"]);
  // The session opens with the usual model's windows, before the name arrives.
  expectError(await fake.app.inject(form), "circuit_open");
  const early = formUpload("/v1/audio/transcriptions", ["model", "other"], ["file", speech(3_000)]);
  expect((await fake.app.inject(early)).statusCode).toBe(200);
  expectError(await fake.app.inject(rawUpload()), "circuit_open");
  expect(fake.speechModel.inputs).toEqual([]);
});

test("a model that is named refuses what it has no room for, like the usual one", async () => {
  await using fake = await withTwoModels();
  fake.other.refuseWith = full;
  expectError(await fake.app.inject(rawUpload("?model=other")), "overloaded");
  expect(fake.other.inputs).toEqual([]);
  expect(fake.finished[0]).toMatchObject({ code: "overloaded", model: "other" });
  expect((await fake.app.inject(rawUpload())).statusCode).toBe(200);
});

test("what the named model refuses before the audio is read costs nothing", async () => {
  const few = { burst: 3, refillPerSecond: 1 };
  await using fake = await withTwoModels({ rateLimit: { tiers: { default: few, anonymous: few }, routeShare: 1 } });
  fake.other.refuseWith = full;
  const form = formUpload("/v1/transcribe", ["model", "other"], ["file", speech(3_000)]);
  for (const upload of [rawUpload("?model=other"), form, rawUpload("?model=other"), form]) {
    expectError(await fake.app.inject(upload), "overloaded");
  }
  expect((await fake.app.inject(rawUpload())).headers["x-ratelimit-remaining"]).toBe("2");
});

test("where every model refuses, a request is refused before its body is read", async () => {
  await using fake = await withTwoModels();
  fake.speechModel.refuseWith = broken;
  fake.other.refuseWith = full;
  expectError(await fake.app.inject(rawUpload("?model=other")), "circuit_open");
  expect(fake.uploads.sessions).toEqual([]);
});

test("a form that was let in is not refused again at its end", async () => {
  await using fake = await withTwoModels();
  let asked = 0;
  fake.other.refuseWith = () => (asked++ === 0 ? null : full());
  const form = formUpload("/v1/transcribe", ["model", "other"], ["file", speech(3_000)], ["language", "fr"]);
  expect((await fake.app.inject(form)).statusCode).toBe(200);
});

test.each(["whisper-1", "whisper-base", ""])("nor for naming the same model behind its file, as %j", async (name) => {
  await using fake = await withTwoModels();
  let asked = 0;
  // The door asks, and the beginning of the file.
  fake.speechModel.refuseWith = () => (asked++ < 2 ? null : full());
  const form = formUpload("/v1/audio/transcriptions", ["file", speech(3_000)], ["model", name]);
  expect((await fake.app.inject(form)).statusCode).toBe(200);
});

test("a reload that replaces the models of a form waits for its end", async () => {
  await using fake = await withTwoModels();
  using client = await FakeClient.connect(await fake.listen());
  const form = formBody(["model", "other"], ["moderate", "true"], ["file", speech(3_000)], ["language", "fr"]);
  client.send(chunkedHead("/v1/transcribe", formType)).send(chunk(form.subarray(0, -500)));
  await expect.poll(() => fake.uploads.sessions.length).toBe(1);
  expect([fake.other.holds, fake.model.holds]).toEqual([1, 1]);
  client.send(chunk(form.subarray(-500))).send(lastChunk);
  await expect.poll(() => fake.finished).toMatchObject([{ statusCode: 200 }]);
  expect([fake.other.holds, fake.model.holds]).toEqual([0, 0]);
});
