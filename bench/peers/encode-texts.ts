import { dirname } from "node:path";
import { AutoTokenizer, env } from "@huggingface/transformers";
import { modelFolder, modelName } from "../project.ts";

/** Id of `<pad>` in the CamemBERT vocabulary. */
export const padTokenId = 1;

/** Token ids of each text, special tokens included, from the reference tokenizer rather than from ours. */
export async function encodeTexts(texts: readonly string[]): Promise<number[][]> {
  const tokenizer = await loadReferenceTokenizer();
  return texts.map((text) => tokenizer.encode(text));
}

export function loadReferenceTokenizer(): ReturnType<typeof AutoTokenizer.from_pretrained> {
  env.allowRemoteModels = false;
  env.localModelPath = dirname(modelFolder);
  return AutoTokenizer.from_pretrained(modelName);
}
