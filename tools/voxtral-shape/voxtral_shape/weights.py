"""Reads what the graphs hold of a model, by PyTorch's names."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx

from .external_data import BLOCK, read_external

GRAPHS = ("audio_encoder", "embed_tokens", "decoder_model_merged")


def read_weights(folder: Path, form: str) -> Iterator[tuple[str, np.ndarray]]:
    """Every weight, mapped into memory where it is stored as it is, float32 where it was in 4 bits."""
    for graph in GRAPHS:
        for name, values in _weights(folder / f"onnx/{graph}_{form}.onnx"):
            yield "model.language_model.embed_tokens.weight" if name == "embed_tokens.weight" else name, values


def matrix_rows(tensors: list[np.ndarray], rows: np.ndarray) -> np.ndarray:
    """Rows of a matrix [rows, columns], float32: of its 4-bit numbers and scales, or of its transpose alone."""
    if len(tensors) == 1:
        return tensors[0][:, rows].T.astype(np.float32)
    return _dequantised(*(tensor[rows] for tensor in tensors))


def _weights(path: Path) -> Iterator[tuple[str, np.ndarray]]:
    tensors = {tensor.name: tensor for tensor in onnx.load(path, load_external_data=False).graph.initializer}
    for name, tensor in tensors.items():
        if name.endswith("_Q4"):
            scales = read_external(tensors[name.replace("_Q4", "_scales")], path.parent)
            yield name.removesuffix("_Q4"), _dequantised(read_external(tensor, path.parent), scales)
        elif name.endswith(".weight_transposed"):
            yield name.removesuffix("_transposed"), read_external(tensor, path.parent).T
        elif name.endswith((".weight", ".bias")):
            yield name, read_external(tensor, path.parent)


def _dequantised(values: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """[rows, columns]: a byte holds two weights, the lower four bits first; 8 stands for zero."""
    packed = values.reshape(-1)
    nibbles = np.stack([packed & 15, packed >> 4], axis=-1)
    centred = nibbles.astype(np.float32).reshape(*scales.shape, BLOCK) - 8
    return (centred * scales[..., None].astype(np.float32)).reshape(len(scales), -1)
