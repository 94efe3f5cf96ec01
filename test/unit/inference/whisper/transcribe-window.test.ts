import { expect, test } from "vitest";
import type { WhisperGraphs } from "../../../../src/inference/whisper/layout.ts";
import { transcribeWindow } from "../../../../src/inference/whisper/transcribe-window.ts";
import type { WhisperConfig } from "../../../../src/inference/whisper/whisper-config.ts";
import type { AudioWindowInput } from "../../../../src/processes/protocol.ts";
import { FakeDecoder, sureOf } from "../../../helpers/fake-decoder.ts";

const end = 10;
const [start, english, french, transcribe, noSpeech, noTimestamps] = [11, 12, 13, 14, 15, 16] as const;

const config: WhisperConfig = {
  melBins: 2,
  maxFrames: 8,
  decoderLayers: 1,
  decoderHeads: 1,
  headWidth: 1,
  startTokenId: start,
  transcribeTokenId: transcribe,
  noTimestampsTokenId: noTimestamps,
  noSpeechTokenId: noSpeech,
  languageTokenIds: new Map([
    ["en", english],
    ["fr", french],
  ]),
  generation: {
    endTokenIds: [end],
    textTokens: end + 1,
    suppressed: new Int32Array(),
    suppressedAtBegin: new Int32Array(),
    maxNewTokens: 60,
  },
};
const window: AudioWindowInput = {
  kind: "audio",
  features: Float32Array.of(0, 1, 2, 3, 0, 0, 0, 1),
  melBins: 2,
  frames: 4,
  audioMs: 40,
  language: "fr",
  promptTokenIds: new Int32Array(),
  temperature: 0,
  seed: 0,
};

test("the prompt names language and task, and the tokens after it are the text", async () => {
  const graphs = new FakeGraphs([[3, 4, end]]);
  const output = await transcribeWindow(graphs, config, window, () => {});
  expect(graphs.decoders[0]?.fed).toEqual([start, french, transcribe, noTimestamps, 3, 4]);
  expect(output).toMatchObject({ kind: "transcript", tokenIds: Int32Array.of(3, 4), language: "fr" });
  expect(output.averageLogProbability).toBeCloseTo(0, 5);
});

test("a language that was asked for is used whatever the model thinks, which its probability tells", async () => {
  const output = await transcribeWindow(new FakeGraphs([[end]], sureOf(english)), config, window, () => {});
  expect(output.language).toBe("fr");
  expect(output.languageProbability).toBeLessThan(0.01);
});

test("a language that was not asked for is detected before the task is named", async () => {
  const graphs = new FakeGraphs([[3, end]], sureOf(english));
  const output = await transcribeWindow(graphs, config, { ...window, language: null }, () => {});
  expect(graphs.decoders[0]?.fed).toEqual([start, english, transcribe, noTimestamps, 3]);
  expect(output.language).toBe("en");
  expect(output.languageProbability).toBeCloseTo(1, 5);
});

test("the probability that nobody speaks is read at the start token", async () => {
  const silent = await transcribeWindow(new FakeGraphs([[end]], sureOf(noSpeech)), config, window, () => {});
  expect(silent.noSpeechProbability).toBeCloseTo(1, 5);
  const spoken = await transcribeWindow(new FakeGraphs([[end]], sureOf(french)), config, window, () => {});
  expect(spoken.noSpeechProbability).toBeLessThan(0.01);
});

test("a short window is encoded as short as it is", async () => {
  const graphs = new FakeGraphs([[end]]);
  await transcribeWindow(graphs, config, window, () => {});
  expect(graphs.encoded).toEqual([{ features: window.features, frames: 4 }]);
});

test("graphs that read the full context only get silence after the window", async () => {
  const graphs = new FakeGraphs([[end]], sureOf(french), false);
  await transcribeWindow(graphs, config, window, () => {});
  const features = Float32Array.of(0, 1, 2, 3, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1);
  expect(graphs.encoded).toEqual([{ features, frames: 8 }]);
});

test("a loop in a short window is left and the full context asked instead", async () => {
  const graphs = new FakeGraphs([circles, [3, 4, end]]);
  const { tokenIds } = await transcribeWindow(graphs, config, window, () => {});
  expect([...tokenIds]).toEqual([3, 4]);
  expect(graphs.encoded.map(({ frames }) => frames)).toEqual([4, 8]);
  // The prompt, a first token and 24 that repeat it; the last is not fed.
  expect(graphs.decoders[0]?.fed).toHaveLength(4 + 24);
});

test("a short window whose text finds no end is asked in the full context too", async () => {
  const endless = Array.from({ length: 100 }, (_, index) => (index * index) % 10);
  const graphs = new FakeGraphs([endless, [5, end]]);
  const { tokenIds } = await transcribeWindow(graphs, config, window, () => {});
  expect([...tokenIds]).toEqual([5]);
});

test("what the full context says counts, even if it is a loop", async () => {
  const graphs = new FakeGraphs([circles, circles]);
  const { tokenIds } = await transcribeWindow(graphs, config, window, () => {});
  expect(graphs.encoded).toHaveLength(2);
  expect([...tokenIds]).toEqual(circles.slice(0, 60));
});

test("a window of the full context is tried once", async () => {
  const graphs = new FakeGraphs([circles, [3, end]]);
  const full = { ...window, features: new Float32Array(16), frames: 8 };
  const { tokenIds } = await transcribeWindow(graphs, config, full, () => {});
  expect(tokenIds).toHaveLength(60);
});

test("progress is reported after the encoder and every eight tokens", async () => {
  let reports = 0;
  const script = [...Array.from({ length: 17 }, (_, index) => index % 10), end];
  await transcribeWindow(new FakeGraphs([script]), config, window, () => {
    reports++;
  });
  expect(reports).toBe(1 + 2);
});

test("a run that nobody waits for ends where it reports its progress", async () => {
  const graphs = new FakeGraphs([[3, end]]);
  const cancelled = transcribeWindow(graphs, config, window, () => {
    throw new Error("nobody waits");
  });
  await expect(cancelled).rejects.toThrow("nobody waits");
  expect(graphs.decoders[0]?.fed).toEqual([]);
});

test.each([
  [{ melBins: 1, frames: 8 }, "a window of 1 × 8 does not fit 2 × 8"],
  [{ frames: 10, features: new Float32Array(20) }, "a window of 2 × 10 does not fit 2 × 8"],
  [{ frames: 3, features: new Float32Array(6) }, "a window of 2 × 3 does not fit 2 × 8"],
  [{ frames: 0, features: new Float32Array() }, "a window of 2 × 0 does not fit 2 × 8"],
  [{ features: new Float32Array(7) }, "a window of 2 × 4 holds 7 numbers"],
  [{ language: "tlh" }, "the model does not know the language that was asked for"],
])("a window that does not fit the model is refused: %j", async (change, message) => {
  const graphs = new FakeGraphs([[end]]);
  await expect(transcribeWindow(graphs, config, { ...window, ...change }, () => {})).rejects.toThrow(message);
  expect(graphs.encoded).toEqual([]);
});

const circles = Array.from({ length: 100 }, () => 3);

/** Graphs whose decoders say a script each. The start token is followed by `atStart`. */
class FakeGraphs implements WhisperGraphs {
  readonly device = "cpu";
  readonly encoded: { readonly features: Float32Array; readonly frames: number }[] = [];
  readonly decoders: FakeDecoder[] = [];
  readonly readsShortWindows: boolean;
  readonly #scripts: readonly (readonly number[])[];
  readonly #atStart: Float32Array;

  constructor(scripts: readonly (readonly number[])[], atStart = sureOf(french), readsShortWindows = true) {
    this.#scripts = scripts;
    this.#atStart = atStart;
    this.readsShortWindows = readsShortWindows;
  }

  encode(features: Float32Array, frames: number): Promise<FakeDecoder> {
    const script = this.#scripts[this.encoded.length] ?? [];
    this.encoded.push({ features, frames });
    const decoder = new FakeDecoder((fed) =>
      fed.length === 1 ? this.#atStart : sureOf(script[fed.length - 4] ?? end),
    );
    this.decoders.push(decoder);
    return Promise.resolve(decoder);
  }

  release(): Promise<void> {
    return Promise.resolve();
  }
}
