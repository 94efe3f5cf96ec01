"""Notices when the model goes round in circles, as `src/inference/generation/repetition.ts` does."""

from collections.abc import Sequence

FEWEST_REPEATED_TOKENS = 24
FEWEST_REPEATS = 3


def is_loop(tokens: Sequence[int]) -> bool:
    """Whether the last tokens do nothing but repeat what stands before them."""
    for period in range(1, len(tokens)):
        repeated = max(FEWEST_REPEATED_TOKENS, FEWEST_REPEATS * period)
        if repeated + period > len(tokens):
            break
        if tokens[-repeated:] == tokens[-repeated - period : -period]:
            return True
    return False
