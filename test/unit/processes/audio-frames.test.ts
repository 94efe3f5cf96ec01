import fc from "fast-check";
import { expect, test } from "vitest";
import { type AudioFrame, ProtocolViolation, readAudioFrames } from "../../../src/processes/audio-frames.ts";
import type { AudioMessage } from "../../../src/processes/audio-protocol.ts";
import { readAll } from "../../helpers/read-all.ts";

const mostValues = 128 * 3000;

const messages: readonly AudioMessage[] = [
  { type: "ready" },
  { type: "progress", decodedMs: 10 },
  { type: "window", index: 0, frames: 1500, segments: [[0, 1000, 0]] },
  { type: "failed", fault: "not_audio" },
  {
    type: "end",
    durationMs: 10,
    speechMs: 5,
    isCutOff: false,
    isDamaged: true,
    container: "wav",
    codec: "pcm_s16le",
    decodeMs: 0.5,
    voiceActivityMs: 1,
    featuresMs: 2,
  },
];

test("whatever the pieces that a stream comes in, the frames are those that were sent", async () => {
  const frame = fc.record({
    message: fc.constantFrom(...messages),
    values: fc.float32Array({ maxLength: 300, noNaN: true }),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(frame, { maxLength: 10 }),
      fc.array(fc.integer({ min: 1, max: 500 })),
      async (sent, sizes) => {
        const received = await readFrames(split(Buffer.concat(sent.map(encode)), sizes));
        expect(received).toEqual(sent);
      },
    ),
  );
});

test("a stream that ends within a frame just ends", async () => {
  const bytes = encode({ message: { type: "ready" }, values: Float32Array.of(1, 2) });
  expect(await readFrames([bytes, bytes.subarray(0, 20)])).toHaveLength(1);
});

test("the stream is not read on before the next frame is asked for", async () => {
  let reads = 0;
  const bytes = encode({ message: { type: "progress", decodedMs: 10 }, values: new Float32Array(0) });
  const chunks = (async function* () {
    for (; reads < 100; reads++) {
      yield bytes;
    }
  })();
  const frames = readAudioFrames(chunks, () => mostValues);
  await frames.next();
  await frames.next();
  expect(reads).toBe(1);
});

test.each([
  ["a message longer than 128 KiB", lengths(131_073, 0)],
  ["more numbers than a window has", lengths(2, mostValues * 4 + 4)],
  ["a part of a number", lengths(2, 3)],
])("an impossible length breaks the protocol before anything is allocated: %s", async (_, bytes) => {
  await expect(readFrames([bytes])).rejects.toThrow(ProtocolViolation);
});

test.each([
  "not json",
  "null",
  '{"type":"unknown"}',
  '{"type":"ready","more":1}',
  '{"type":"failed","fault":"because"}',
  '{"type":"window","index":-1,"frames":1500,"segments":[[0,1,0]]}',
  '{"type":"window","index":0,"frames":0,"segments":[[0,1,0]]}',
  '{"type":"window","index":0,"frames":180001,"segments":[[0,1,0]]}',
  '{"type":"window","index":0,"frames":1500,"segments":[]}',
  '{"type":"window","index":0,"frames":1500,"segments":[[0,0.5,0]]}',
])("what is no message breaks the protocol: %s", async (json) => {
  await expect(readFrames([Buffer.concat([lengths(json.length, 0), Buffer.from(json)])])).rejects.toThrow(
    ProtocolViolation,
  );
});

function encode({ message, values }: AudioFrame): Buffer {
  const json = Buffer.from(JSON.stringify(message));
  return Buffer.concat([
    lengths(json.length, values.byteLength),
    json,
    Buffer.from(values.buffer, 0, values.byteLength),
  ]);
}

function lengths(json: number, values: number): Buffer {
  const header = Buffer.alloc(8);
  header.writeUInt32LE(json, 0);
  header.writeUInt32LE(values, 4);
  return header;
}

/** In pieces of these sizes, over and over. */
function split(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, piece = 0; at < bytes.length; piece++) {
    const size = sizes[piece % Math.max(1, sizes.length)] ?? bytes.length;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

function readFrames(chunks: readonly Uint8Array[]): Promise<AudioFrame[]> {
  const stream = (async function* () {
    yield* chunks;
  })();
  return readAll(readAudioFrames(stream, () => mostValues));
}
