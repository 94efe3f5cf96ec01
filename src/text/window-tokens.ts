/** Tokens of a window, special tokens included: the longest input that the toxicity model saw in training. */
export const windowTokens = 128;
