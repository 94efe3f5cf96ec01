import { foldText } from "./fold-text.ts";
import { leaveOutUnknown } from "./leave-out-unknown.ts";
import type { PreparedText } from "./prepared-text.ts";
import type { Tokenizer } from "./tokenizer.ts";
import { createWindows, type WindowLimits } from "./windows.ts";

export interface PrepareOptions extends WindowLimits {
  /** The text is folded, and what the model's vocabulary does not know of it is left out. */
  readonly foldsText: boolean;
}

/** Tokens and windows of one text; the windows' offsets are those of the text as written. */
export function prepareText(text: string, tokenizer: Tokenizer, options: PrepareOptions): PreparedText {
  if (!options.foldsText) {
    return createWindows(tokenizer.encode(text), text.length, tokenizer, options);
  }
  const { folded, writtenStart, writtenEnd } = foldText(text);
  const chunks = tokenizer.encode(folded).map(({ ids, start, end }) => {
    return { ids, start: writtenStart(start), end: writtenEnd(end) };
  });
  return createWindows(leaveOutUnknown(chunks, tokenizer), text.length, tokenizer, options);
}
