"""Golden values for the tokenizer in `src/text/tekken-tokenizer.ts`, from `mistral-common` and `tokenizers`."""
