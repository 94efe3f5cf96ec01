"""Rounds weight matrices to 8 bits, in two forms: whole rows for the encoder, blocks for the decoder.

Whole rows are multiplied as signed weights by unsigned activations, the pair that processors with VNNI multiply in one
instruction. Processors without it add the products of neighbouring pairs in 16 bits, which 8 bits on both sides can overflow,
so that texts would differ between machines. So no two weights of a pair add up to more than 128: 255 × 128 fits. Few pairs are
that large, and a row's scale is chosen such that lowering them costs least.
"""

import numpy as np

INT8_LIMIT = 127
PAIR_LIMIT = 128  # 255 × 128 ≤ 32767 < 255 × 129
# Largest weights of a row to try: with the first no pair is too large, with the last no weight is rounded more than need be.
ROW_LIMITS = (63, 68, 74, 80, 88, 96, 106, INT8_LIMIT)
BLOCK = 32
BLOCK_ZERO = 128  # MatMulNBits reads unsigned weights with this zero point


def quantise_rows(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """int8 values [outputs, inputs], no pair of which can overflow, and float32 scales [outputs]: those of the least error."""
    candidates = []
    for limit in ROW_LIMITS:
        values, scales = _round_rows(matrix, limit)
        candidates.append((_lower_pairs(values), scales))
    errors = np.stack([((values * scales - matrix) ** 2).sum(axis=1) for values, scales in candidates])
    best, rows = errors.argmin(axis=0), np.arange(len(matrix))
    values, scales = (np.stack(parts)[best, rows] for parts in zip(*candidates, strict=True))
    return values, scales[:, 0]


def quantise_blocks(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """uint8 values [outputs, inputs / 32, 32] around 128 and float32 scales [outputs, inputs / 32]."""
    blocks = matrix.reshape(len(matrix), -1, BLOCK)
    values, scales = _round_rows(blocks.reshape(-1, BLOCK), INT8_LIMIT)
    unsigned = (values.astype(np.int16) + BLOCK_ZERO).astype(np.uint8)
    return unsigned.reshape(blocks.shape), scales.reshape(blocks.shape[:2])


def _round_rows(matrix: np.ndarray, limit: int) -> tuple[np.ndarray, np.ndarray]:
    """int8 values [rows, columns] within ±`limit` and float32 scales [rows, 1]."""
    scales = np.abs(matrix).max(axis=1, keepdims=True).astype(np.float32) / limit
    scales[scales == 0] = 1
    return np.rint(matrix / scales).astype(np.int8), scales


def _lower_pairs(values: np.ndarray) -> np.ndarray:
    """int8 values [rows, columns], both of a neighbouring pair made smaller where together they exceed `PAIR_LIMIT`."""
    pairs = values.reshape(len(values), -1, 2).astype(np.int16)
    excess = np.maximum(np.abs(pairs.sum(axis=2)) - PAIR_LIMIT, 0)
    same_sign = np.sign(pairs[..., 0]) == np.sign(pairs[..., 1])
    cut = np.where(same_sign, (excess + 1) // 2, 0)[..., None]
    return (np.sign(pairs) * np.maximum(np.abs(pairs) - cut, 0)).reshape(values.shape).astype(np.int8)
