import fc from "fast-check";
import { expect, test } from "vitest";
import { GeneratedText } from "../../../../src/inference/generation/generated-text.ts";
import { seededRandom } from "../../../../src/inference/generation/seeded-random.ts";
import {
  fitsOneRun,
  generateInOneRun,
  type PromptGroups,
  type Transcript,
} from "../../../../src/inference/voxtral/generate-in-one-run.ts";
import { audioWindow } from "../../../helpers/audio-window.ts";
import { FakeTextDecoder } from "../../../helpers/fake-text-decoder.ts";

const end = 2;
const script = fc.array(fc.integer({ min: 3, max: 19 }), { maxLength: 40 }).map((text) => [...text, end]);

interface TextLimits {
  readonly length?: number;
  readonly maxNewTokens?: number;
  readonly temperature?: number;
}

test("every text is what its own row says, whoever is beside it", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.record({ script, length: fc.integer({ min: 1, max: 4 }) }), { minLength: 1, maxLength: 7 }),
      fc.constantFrom("any" as const, "equal" as const),
      async (rows, groups) => {
        const { texts } = await generate(
          rows.map((row) => row.script),
          groups,
          rows.map(({ length }) => ({ length })),
        );
        expect(texts.map((text) => [...text.result().tokenIds])).toEqual(rows.map((row) => row.script.slice(0, -1)));
      },
    ),
  );
});

test("prompts of any lengths share a run where the decoder can, else those of one length do", async () => {
  const scripts = [
    [3, end],
    [4, end],
    [5, end],
  ];
  const lengths = [{ length: 2 }, { length: 5 }, { length: 2 }];
  const any = await generate(scripts, "any", lengths);
  expect(any.decoder.generated).toMatchObject([{ scripts: [0, 1, 2] }]);
  const equal = await generate(scripts, "equal", lengths);
  expect(equal.decoder.generated).toMatchObject([{ scripts: [0, 2] }, { scripts: [1] }]);
});

test("a text that goes in circles, and one that reaches its limit, ignore what their rows say after that", async () => {
  const circle = Array.from({ length: 59 }, () => 7);
  const long = Array.from({ length: 90 }, (_, at) => 3 + ((at * at) % 17));
  const { decoder, texts } = await generate([circle, long, [4, end]], "any", [
    {},
    { maxNewTokens: 20 },
    { maxNewTokens: 30 },
  ]);
  expect(decoder.generated).toMatchObject([{ tokens: 60 }]);
  const [inCircles, tooLong, ended] = texts.map((text) => text.result());
  expect(inCircles).toMatchObject({ ending: "loop", tokenIds: Int32Array.of(7) });
  expect(tooLong).toMatchObject({ ending: "limit", tokenIds: Int32Array.from(long.slice(0, 20)) });
  expect(ended).toMatchObject({ ending: "end-token", tokenIds: Int32Array.of(4) });
});

test("a sign of progress follows each run, and what it throws ends the work", async () => {
  const lengths = [{ length: 1 }, { length: 2 }, { length: 3 }];
  const scripts = [[end], [end], [end]];
  expect((await generate(scripts, "equal", lengths)).signs).toBe(4);
  const decoder = new FakeTextDecoder(scripts, true);
  let signs = 0;
  const stopped = generateInOneRun(silentEncoder, decoder.generateGreedily, transcriptsOf(lengths), "equal", () => {
    signs++;
    if (signs === 2) {
      throw new Error("nobody waits");
    }
  });
  await expect(stopped).rejects.toThrow("nobody waits");
  expect(decoder.generated).toHaveLength(1);
});

test("drawn texts, long prompts and long answers are not for one run", () => {
  expect(fits({})).toBe(true);
  expect(fits({ temperature: 0.4 })).toBe(false);
  // Two windows of 30 s fit, with what may be said in them; three do not.
  expect(fits({ length: 761, maxNewTokens: 766 })).toBe(true);
  expect(fits({ length: 1_136, maxNewTokens: 100 })).toBe(false);
  expect(fits({ length: 761, maxNewTokens: 1_000 })).toBe(false);
});

function fits(limits: TextLimits): boolean {
  return fitsOneRun(transcriptsOf([limits])[0]!);
}

const silentEncoder = {
  async encode(spectrograms: readonly unknown[], onRun: () => void | Promise<void>): Promise<Float32Array[]> {
    await onRun();
    return spectrograms.map(() => new Float32Array());
  },
};

async function generate(scripts: readonly (readonly number[])[], groups: PromptGroups, limits: readonly TextLimits[]) {
  const decoder = new FakeTextDecoder(scripts, true);
  const transcripts = transcriptsOf(limits);
  let signs = 0;
  await generateInOneRun(silentEncoder, decoder.generateGreedily, transcripts, groups, () => {
    signs++;
  });
  return { decoder, signs, texts: transcripts.map(({ text }) => text) };
}

/** Windows whose prompts begin with their number, as the fake decoder reads them. */
function transcriptsOf(limits: readonly TextLimits[]): Transcript[] {
  return limits.map(({ length = 1, maxNewTokens = 60, temperature = 0 }, number) => ({
    window: audioWindow({ promptTokenIds: new Int32Array(length).fill(number, 0, 1) }),
    text: new GeneratedText(
      {
        endTokenIds: [end],
        textTokens: 20,
        suppressed: new Int32Array(),
        suppressedAtBegin: new Int32Array(),
        maxNewTokens,
      },
      { temperature, random: seededRandom(1), stopsInLoop: true },
    ),
  }));
}
