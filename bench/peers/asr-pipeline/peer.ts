import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { env, pipeline } from "@huggingface/transformers";

/**
 * What a TypeScript user would write today: transformers.js's speech recognition pipeline, one file at a time.
 * `node peer.ts MODELS MODEL THREADS`; lines of JSON as `peers/faster-whisper/peer.py` has them. The language is given.
 */
const [models = "", model = "", threads = "1"] = process.argv.slice(2);
env.allowRemoteModels = false;
env.localModelPath = models;

const recognizer = await pipeline("automatic-speech-recognition", model, {
  dtype: "q8",
  session_options: { intraOpNumThreads: Number(threads), interOpNumThreads: 1 },
});
/** What fits into one window needs no cutting into overlapping ones. */
const windowSeconds = 30;

process.stdout.write(`${JSON.stringify({ ready: true })}\n`);
for await (const line of createInterface({ input: process.stdin })) {
  const { files } = JSON.parse(line) as { files: { path: string; seconds: number }[] };
  const texts: string[] = [];
  for (const { path, seconds } of files) {
    const options = { language: "french", task: "transcribe" as const };
    const cutting = seconds <= windowSeconds ? {} : { chunk_length_s: windowSeconds, stride_length_s: 5 };
    const { text } = (await recognizer(samplesOf(path), { ...options, ...cutting })) as { text: string };
    texts.push(text.trim());
  }
  process.stdout.write(`${JSON.stringify({ texts })}\n`);
}

/** Of a WAV file as the benchmark writes them: 16 bits, 16 kHz, mono, a header of 44 bytes. */
function samplesOf(path: string): Float32Array {
  const file = readFileSync(path);
  return Float32Array.from({ length: (file.length - 44) / 2 }, (_, index) => file.readInt16LE(44 + 2 * index) / 32_768);
}
