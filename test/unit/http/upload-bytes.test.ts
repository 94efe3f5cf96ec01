import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FakeClient } from "../../helpers/fake-client.ts";
import { fakeSpeechApp } from "../../helpers/fake-speech-app.ts";
import { boundary, chunk, chunkedHead, formBody, lastChunk } from "../../helpers/transcribe-request.ts";

const formType = `Content-Type: multipart/form-data; boundary=${boundary}`;

/** Silence to the fake where it may be long, and what looks like the end of a part. */
const piece = fc.oneof(
  fc.nat(200_000).map((length) => Buffer.alloc(length)),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  fc
    .constantFrom("\r\n", "\r\n--", `\r\n--${boundary.slice(0, -1)}`, "\r", "--", `--${boundary}`)
    .map((text) => Buffer.from(text)),
);

const file = fc.array(piece, { minLength: 1, maxLength: 12 }).map((pieces) => Buffer.concat([Buffer.of(7), ...pieces]));

/** The parser holds all of it back, and then passes its own copy on. */
const almostBoundary = Buffer.from(`.\r\n--${boundary.slice(0, -1)}.`);

/** How far the bytes of a body go in one write and one chunk. */
const cuts = fc.array(fc.integer({ min: 1, max: 100_000 }), { minLength: 1, maxLength: 20 });

function send(client: FakeClient, body: Buffer, lengths: readonly number[]): void {
  let at = 0;
  for (let index = 0; at < body.length; index++) {
    const length = lengths[index % lengths.length] ?? 1;
    client.send(chunk(body.subarray(at, at + length)));
    at += length;
  }
  client.send(lastChunk);
}

describe("the bytes of an upload", () => {
  it.each([
    ["alone", "Content-Type: audio/wav", (bytes: Buffer) => bytes],
    ["in a form", formType, (bytes: Buffer) => formBody(["language", "fr"], ["file", bytes], ["channel", "voice"])],
  ])(
    "arrive as they were sent, whatever they are and however they are cut: %s",
    async (_what, contentType, bodyOf) => {
      await using fake = await fakeSpeechApp();
      const port = await fake.listen();
      await fc.assert(
        fc.asyncProperty(file, cuts, async (bytes, lengths) => {
          // The end of a part within a file is the end of the file.
          fc.pre(contentType !== formType || !bytes.includes(`\r\n--${boundary}`));
          using client = await FakeClient.connect(port);
          client.send(chunkedHead("/v1/transcribe", contentType));
          send(client, bodyOf(bytes), lengths);
          expect((await client.response()).status).toBe(200);
          const received = fake.uploads.sessions.at(-1)?.hash.digest("hex");
          expect(received).toBe(createHash("sha256").update(bytes).digest("hex"));
        }),
        { numRuns: 40, endOnFailure: true, examples: [[almostBoundary, [1]]] },
      );
    },
    60_000,
  );
});
