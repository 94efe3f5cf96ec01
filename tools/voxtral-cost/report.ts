import { unitsWithin } from "../../src/hardware/batch-need.ts";
import { restingBytes, usableBytes } from "../../src/hardware/device-limits.ts";
import { cacheBytesPerToken, voxtralBatchNeed } from "../../src/hardware/speech-memory.ts";
import { chunksPerRun, longestPrompt } from "../../src/inference/voxtral/device-runs.ts";
import { decodeLimit, pastInTheMiddle, textBytes, textsThatFit, workingBytes } from "./capacity.ts";
import { accelerators, cpuCore, serverMemories } from "./machines.ts";
import type { ModelShape } from "./model-shape.ts";
import {
  bytesOf,
  bytesPerFloat,
  decoderWeights,
  embeddingWeights,
  encoderWeights,
  type Form,
  forms,
  modelBytes,
} from "./weights.ts";
import {
  encoderOperations,
  logitOperations,
  promptOperations,
  promptTokens,
  readOperations,
  stepTextBytes,
  stepWeightBytes,
} from "./work.ts";

/** Five tokens a second, as French is spoken. */
const answerTokens = 150;
/** What the plugin allows for 30 s: a token for each 80 ms, and 16. */
const longestAnswer = 391;
/** Measured in the Node loop: what ONNX Runtime writes, what its binding copies, and garbage that waits to be collected. */
const copiesOnCpu = 5;

/** Of the fused graph, where its caches leave it at the end of each call. */
const tokensPerCall = 16;

/** Every figure of a model, as tables in Markdown. */
export function report(shape: ModelShape): string {
  return [
    "Weights in MB (10⁶ bytes), by the form in which they are stored:",
    weightTable(shape),
    "One window of 30 s:",
    windowTable(shape),
    "One decode step of one text:",
    stepTable(shape),
    "Texts at a time that fit into the memory of a server (q4, float32 caches):",
    serverTable(shape),
    "Texts at a time for which the service finds room on an accelerator, and what limits their speed whatever the program:",
    acceleratorTable(shape),
    "A decode step on an accelerator in fp16, in milliseconds: its limit, and what moving the caches costs besides:",
    cacheTable(shape),
  ].join("\n\n");
}

function weightTable(shape: ModelShape): string {
  const parts = [
    ["audio_encoder", encoderWeights(shape)],
    ["embed_tokens", embeddingWeights(shape)],
    ["decoder_model_merged", decoderWeights(shape)],
  ] as const;
  const rows = parts.map(([name, weights]) => [
    `\`${name}\``,
    millions(weights.matrices + weights.others),
    ...forms.map((form) => millions(bytesOf(weights, form))),
  ]);
  const total = parts.reduce((sum, [, { matrices, others }]) => sum + matrices + others, 0);
  const sums = ["together", millions(total), ...forms.map((form) => millions(modelBytes(shape, form)))];
  return table(["graph", "weights (10⁶)", ...forms], [...rows, sums]);
}

function windowTable(shape: ModelShape): string {
  const prompt = promptTokens(shape);
  const logits = logitOperations(shape);
  const answer = Array.from({ length: answerTokens }, (_, at) => readOperations(shape, 1, prompt + at) + logits);
  const rows = [
    ["encoder and projector", gigas(encoderOperations(shape))],
    [`prompt of ${prompt} tokens, logits of the last`, gigas(readOperations(shape, prompt, 0) + logits)],
    [`logits of the other ${prompt - 1}, which public graphs compute too`, gigas((prompt - 1) * logits)],
    [`answer of ${answerTokens} tokens`, gigas(answer.reduce((sum, each) => sum + each, 0))],
  ];
  return table(["stage", "GFLOP"], rows);
}

function stepTable(shape: ModelShape): string {
  const past = pastInTheMiddle(shape, answerTokens);
  const rows = forms.map((form) => {
    const weights = stepWeightBytes(shape, form);
    const text = stepTextBytes(shape, form, past);
    const cache = cacheBytesPerToken(shape, bytesPerFloat(form));
    return [form, String(cache), millions(weights), millions(text), perSecond(cpuCore.bandwidth / (weights + text))];
  });
  const columns = ["form", "cache bytes a position", "MB of weights read", `MB of cache read at ${past}`];
  return table([...columns, "tokens/s that a CPU core's memory allows"], rows);
}

function serverTable(shape: ModelShape): string {
  const form: Form = "q4";
  const holding = { copies: copiesOnCpu, positions: promptTokens(shape) + longestAnswer };
  const rows = serverMemories.map((memory) => [
    gigabytes(memory),
    gigabytes(modelBytes(shape, form)),
    gigabytes(workingBytes(shape, form)),
    gigabytes(textBytes(shape, form, holding)),
    String(textsThatFit(shape, form, memory, holding)),
  ]);
  return table(["memory GB", "weights GB", "working GB", "GB a text", "texts"], rows);
}

function acceleratorTable(shape: ModelShape): string {
  const past = pastInTheMiddle(shape, answerTokens);
  const need = voxtralBatchNeed(shape, {
    cacheNumberBytes: 2,
    chunksPerRun,
    promptTokens: promptTokens(shape),
    answerTokens: longestAnswer,
    tokensPerRead: longestPrompt,
    givesAllLogits: false,
    readsTogether: true,
  });
  const rows = accelerators.flatMap((machine) =>
    (["fp16", "q4f16"] as const).map((form) => {
      const resting = restingBytes({ graphBytes: modelBytes(shape, form), processes: 1 });
      const most = unitsWithin(usableBytes(machine.memory) - resting, need);
      const limits = [1, 32, most].map((texts) => perSecond(decodeLimit(shape, form, machine, { texts, past })));
      const windows = perSecond(machine.operations / promptOperations(shape));
      return [machine.name, form, String(most), ...limits, windows];
    }),
  );
  const columns = ["", "form", "texts", "tokens/s of 1", "of 32", "of all", "encoded and read windows/s"];
  return table(columns, rows);
}

function cacheTable(shape: ModelShape): string {
  const form: Form = "fp16";
  const past = pastInTheMiddle(shape, answerTokens);
  const cache = past * cacheBytesPerToken(shape, bytesPerFloat(form));
  const rows = accelerators.flatMap((machine) =>
    [1, 8, 32].map((texts) => {
      const limit = texts / decodeLimit(shape, form, machine, { texts, past });
      // Read once and written once: in device memory by every step, or to the host and back by every run.
      const anew = (2 * texts * cache) / machine.bandwidth;
      const crossing = (2 * texts * cache) / machine.hostBandwidth;
      return [machine.name, String(texts), ...[limit, anew, crossing, crossing / tokensPerCall].map(milliseconds)];
    }),
  );
  const columns = ["", "texts", "limit", "cache written anew", "to the host and back at each step"];
  return table([...columns, `in calls of ${tokensPerCall}`], rows);
}

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const rule = columns.map((_, index) => (index === 0 ? "---" : "---:"));
  return [columns, rule, ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function millions(value: number): string {
  return (value / 1e6).toFixed(1);
}

function gigas(value: number): string {
  return (value / 1e9).toFixed(0);
}

function gigabytes(value: number): string {
  return Number((value / 1e9).toFixed(2)).toString();
}

function milliseconds(seconds: number): string {
  return (1_000 * seconds).toFixed(2);
}

function perSecond(value: number): string {
  return value < 100 ? value.toFixed(1) : value.toFixed(0);
}
