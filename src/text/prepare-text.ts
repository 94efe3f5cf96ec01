import type { PreparedText } from "./prepared-text.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { createWindows, type WindowLimits } from "./windows.ts";

/** Tokens and windows of one text. */
export function prepareText(text: string, tokenizer: Tokenizer, limits: WindowLimits): PreparedText {
  return createWindows(tokenizer.encode(text), text.length, tokenizer, limits);
}
