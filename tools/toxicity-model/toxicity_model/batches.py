"""Token ids of several texts as one padded tensor."""

import numpy as np

from .transplant import PAD


def pad(encoded: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Token ids and attention mask, both int64 [rows, longest]."""
    ids = np.full((len(encoded), max(map(len, encoded))), PAD, np.int64)
    for row, tokens in enumerate(encoded):
        ids[row, : len(tokens)] = tokens
    return ids, (ids != PAD).astype(np.int64)
