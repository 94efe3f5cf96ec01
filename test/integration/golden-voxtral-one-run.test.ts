import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { findGraphFiles } from "../../src/inference/voxtral/graph-files.ts";
import { findOneRun, openGraphs, type VoxtralGraphs } from "../../src/inference/voxtral/graphs.ts";
import { transcribeWindows } from "../../src/inference/voxtral/transcribe-windows.ts";
import { readVoxtralConfig, type VoxtralConfig } from "../../src/inference/voxtral/voxtral-config.ts";
import type { AudioWindowInput, TranscriptOutput } from "../../src/processes/protocol.ts";
import { TekkenTokenizer } from "../../src/text/tekken-tokenizer.ts";
import { VoxtralPrompt } from "../../src/text/voxtral-prompt.ts";
import { goldenAnswers, goldenVoxtral, windowOf } from "../helpers/golden-voxtral.ts";
import { tinyVoxtralFolder, tinyVoxtralManifest } from "../helpers/tiny-voxtral.ts";

/** What is done on a device, done on the CPU: prompt and answer in one run, against the reference's tokens. */

const session = { executionProvider: "cpu", intraOpNumThreads: 1 } as const;
const folder = tinyVoxtralFolder("voxtral-grouped");
const clips = goldenVoxtral.clips.filter(({ chunks }) => chunks <= 3);

let windows: AudioWindowInput[];
let config: VoxtralConfig;

beforeAll(async () => {
  config = await readVoxtralConfig(folder);
  const prompt = new VoxtralPrompt(await TekkenTokenizer.load(folder), config.tokensPerChunk);
  windows = clips.map((clip) => windowOf(clip, prompt));
});

describe.each([
  { form: "", groups: "any", runs: 1 },
  { form: "_fp16", groups: "any", runs: 1 },
  { form: "_q4", groups: "any", runs: 1 },
  { form: "_q4f16", groups: "any", runs: 1 },
  // Prompts of 380, 385, 386, 760 and 761 tokens.
  { form: "_q4gqa", groups: "equal", runs: 5 },
] as const)("$form", ({ form, groups, runs }) => {
  let graphs: VoxtralGraphs;
  let generated: number[];

  beforeAll(async () => {
    const opened = await openGraphs(folder, findGraphFiles(tinyVoxtralManifest(folder, form, true)), config, session);
    expect(opened.oneRun).toBeNull();
    const oneRun = await findOneRun(opened.decoder, opened.padding, config);
    expect(oneRun?.groups).toBe(groups);
    generated = [];
    graphs = {
      ...opened,
      oneRun: {
        groups: oneRun!.groups,
        generate: (prompts, tokens) => {
          generated.push(prompts.length);
          return oneRun!.generate(prompts, tokens);
        },
      },
    };
  });

  afterAll(async () => {
    await graphs.audioEncoder.release();
    await graphs.decoder.release();
  });

  test("all clips in one batch have the tokens of the reference, and those that have them in steps", async () => {
    const { clips: answers, tolerance } = goldenAnswers("voxtral-grouped", form);
    const outputs = await transcribeWindows(graphs, config, windows, () => {});
    // The prompt of three chunks is too long for one run.
    const fitting = clips.filter(({ chunks }) => chunks < 3);
    expect(fitting.length).toBe(clips.length - 1);
    expect(generated).toHaveLength(runs);
    expect(generated.reduce((sum, rows) => sum + rows, 0)).toBe(fitting.length);
    expect(tokensOf(outputs)).toEqual(clips.map(({ name }) => answers[name]!.tokenIds));
    outputs.forEach(({ averageLogProbability }, index) => {
      const { tokenIds, ended, logProbability } = answers[clips[index]!.name]!;
      const mean = logProbability / (tokenIds.length + (ended ? 1 : 0));
      expect(Math.abs(averageLogProbability - mean)).toBeLessThan(Math.max(0.01, tolerance));
    });
    // Texts that end by themselves, and those that are cut off at their own limit while others go on.
    expect(new Set(outputs.map(({ ending }) => ending))).toEqual(new Set(["end-token", "limit"]));
    const inSteps = await transcribeWindows({ ...graphs, oneRun: null }, config, windows.slice(0, 2), () => {});
    expect(tokensOf(inSteps)).toEqual(tokensOf(outputs).slice(0, 2));
  });
});

test("a drawn text beside others is drawn as it is alone", async () => {
  const files = findGraphFiles(tinyVoxtralManifest(folder, "_q4", true));
  const graphs = await openGraphs(folder, files, config, session);
  const oneRun = await findOneRun(graphs.decoder, graphs.padding, config);
  const batch = windows.slice(0, 3).map((window, index) => ({ ...window, temperature: index === 1 ? 1 : 0, seed: 7 }));
  const together = await transcribeWindows({ ...graphs, oneRun }, config, batch, () => {});
  const alone = await transcribeWindows(graphs, config, batch.slice(1, 2), () => {});
  expect(tokensOf(together)[1]).toEqual(tokensOf(alone)[0]);
  expect(tokensOf(together)[0]).toEqual(goldenAnswers("voxtral-grouped", "_q4").clips[clips[0]!.name]!.tokenIds);
  await graphs.audioEncoder.release();
  await graphs.decoder.release();
});

test("a decoder of the public layout answers nothing in one run", async () => {
  const files = findGraphFiles(tinyVoxtralManifest(folder, "_q4"));
  const { audioEncoder, decoder, padding } = await openGraphs(folder, files, config, session);
  expect(await findOneRun(decoder, padding, config)).toBeNull();
  await audioEncoder.release();
  await decoder.release();
});

function tokensOf(outputs: readonly TranscriptOutput[]): number[][] {
  return outputs.map(({ tokenIds }) => [...tokenIds]);
}
