import { availableParallelism } from "node:os";
import type { Progress } from "../benchmark.ts";
import type { LoadClient } from "../load/load-client.ts";
import { quantizedOnnxFile } from "../project.ts";
import { bareContestant } from "./bare-contestant.ts";
import type { Contestant } from "./contestant.ts";
import { padTokenId } from "./encode-texts.ts";
import { flaskNeeds, startFlask, startGunicorn } from "./flask/flask-peer.ts";
import { HttpContestant } from "./http-contestant.ts";
import { singleBatches, sortedBatches, type TextBatch } from "./padded-batches.ts";
import { PipelinePeer } from "./pipeline-peer.ts";
import { findPython } from "./python.ts";

export interface PeerSettings {
  /** Token ids of the texts, in their order. */
  readonly encodings: readonly (readonly number[])[];
  /** How often a round of the fast ones goes through all texts. */
  readonly passes: number;
  /** fp32 ONNX file or its model folder; null: not compared. */
  readonly fp32: string | null;
  /** A Python with the Flask peer's requirements; null: one is made. */
  readonly python: string | null;
  readonly client: LoadClient;
}

/** Texts of a batch of the bare peer. */
const batchSize = 32;
/** Tokens to which the predecessor padded every text. */
const paddedWidth = 256;
/** Padded, every text costs the same: these many are as good as all. */
const paddedTexts = 100;
/** Texts whose scores a slow peer gives for comparison, which also warms it up. */
const checkedTexts = 64;

/** The peers that could be started, and a note for each that could not. The stack stops them. */
export async function startPeers(
  settings: PeerSettings,
  stack: AsyncDisposableStack,
  progress: Progress,
): Promise<{ readonly peers: readonly Contestant[]; readonly notes: readonly string[] }> {
  const peers: Contestant[] = await startBare(settings, stack);
  const notes: string[] = [];
  const { client, encodings, fp32 } = settings;
  const texts = encodings.length;
  const load = { texts, requests: texts, checkedTexts: Math.min(checkedTexts, texts) };

  progress("starting the transformers.js peers");
  const { port } = stack.use(await PipelinePeer.quantized());
  peers.push(new HttpContestant("pipeline-int8", "transformers.js + Fastify, int8", client, port, load));
  if (fp32 === null) {
    notes.push("transformers.js with fp32 was skipped: --fp32 names no file.");
  } else {
    const fp32Peer = stack.use(await PipelinePeer.fp32(fp32));
    peers.push(new HttpContestant("pipeline-fp32", "transformers.js + Fastify, fp32", client, fp32Peer.port, load));
  }

  progress("starting the Flask peers");
  try {
    peers.push(...(await startFlaskPeers(settings, stack)));
  } catch (error) {
    notes.push(`Flask was skipped: ${error instanceof Error ? error.message : String(error)}`);
  }
  return { peers, notes };
}

async function startBare({ encodings, passes }: PeerSettings, stack: AsyncDisposableStack): Promise<Contestant[]> {
  const cores = availableParallelism();
  const settings = [
    { label: `1 session × ${cores} threads`, setting: { processes: 1, threads: cores } },
    { label: `${cores} processes × 1 thread`, setting: { processes: cores, threads: 1 } },
  ];
  const sorted = sortedBatches(encodings, batchSize, padTokenId);
  const padded = singleBatches(encodings.slice(0, paddedTexts), paddedWidth, padTokenId);
  const contestants: Contestant[] = [];
  const start = async (peer: "bare" | "padded", title: string, batches: readonly TextBatch[], times: number) => {
    for (const { label, setting } of settings) {
      const name = `${title}, ${label}`;
      contestants.push(stack.use(await bareContestant(peer, name, quantizedOnnxFile, setting, batches, times)));
    }
  };
  await start("bare", "bare, sorted, batches of 32", sorted, passes);
  await start("padded", "bare, one by one, padded to 256", padded, 1);
  return contestants;
}

async function startFlaskPeers(settings: PeerSettings, stack: AsyncDisposableStack): Promise<Contestant[]> {
  const python = await findPython(settings.python, flaskNeeds);
  const texts = Math.min(paddedTexts, settings.encodings.length);
  const load = { texts, requests: texts, checkedTexts: Math.min(checkedTexts, texts) };
  const cores = availableParallelism();
  const flask = stack.use(await startFlask(python));
  const gunicorn = stack.use(await startGunicorn(python, cores));
  return [
    new HttpContestant("flask", "Flask, its threaded server", settings.client, flask.port, load),
    new HttpContestant("flask", `Flask, gunicorn × ${cores} workers`, settings.client, gunicorn.port, load),
  ];
}
