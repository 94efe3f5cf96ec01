import { beforeAll, expect, test } from "vitest";
import { TekkenTokenizer } from "../../../src/text/tekken-tokenizer.ts";
import { VoxtralPrompt } from "../../../src/text/voxtral-prompt.ts";
import { TemporaryFolder } from "../../helpers/temporary-folder.ts";
import { readTokens, tekkenJson } from "./tekken/real-vocabulary.ts";

const places = 375;
let prompt: VoxtralPrompt;

beforeAll(async () => {
  using folder = new TemporaryFolder();
  folder.write("tekken.json", JSON.stringify(tekkenJson(readTokens())));
  prompt = new VoxtralPrompt(await TekkenTokenizer.load(folder.path), places);
});

/** As mistral-common's `encode_transcription` gives them with the vocabulary of Voxtral. */
test.each([
  ["fr", [9909, 1058, 7064]],
  ["en", [9909, 1058, 1262]],
  ["hi", [9909, 1058, 8101]],
  // `:n` is one token.
  ["nl", [9909, 24082, 1108]],
  [null, []],
])("the prompt names the language %s behind the audio", (language, named) => {
  expect(tokensAround(prompt.tokenIds(1, language), 1)).toEqual([
    [1, 3, 25],
    [4, ...named, 34],
  ]);
});

test("several chunks stand behind one beginning", () => {
  const tokenIds = prompt.tokenIds(60, null);
  expect(tokenIds).toHaveLength(22_505);
  expect(tokensAround(tokenIds, 60)).toEqual([
    [1, 3, 25],
    [4, 34],
  ]);
});

/** What stands before and behind the places for the audio, which are all the same. */
function tokensAround(tokenIds: Int32Array, chunks: number): [before: number[], behind: number[]] {
  const audio = tokenIds.subarray(3, 3 + chunks * places);
  expect(audio.every((tokenId) => tokenId === 24)).toBe(true);
  return [[...tokenIds.subarray(0, 3)], [...tokenIds.subarray(3 + audio.length)]];
}
