"""Reads an int8 model folder back into a PyTorch checkpoint, so that whoever has only the released model can train it further.

The reverse of `quantise.py`: each int8 matrix times its scales, the smoothing factors taken out again, the joint projection of
the attention cut into its three. What rounding to eight bits took is lost. Positions and token type were added up when the
graph was written: they stay in the positions, and the token type is zero. Temperature and bias are in the last layer.
"""

from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from safetensors.numpy import save_file
from transformers import CamembertForSequenceClassification

from . import data
from .model_folder import QUANTISED
from .scoring import logits_of, open_session, open_tokenizer, toxic_scores
from .train import scores

EMBEDDINGS = "roberta.embeddings"
PROJECTIONS = ("query", "key", "value")
COMPARED_TEXTS = 200
LARGEST_GAP = 0.1
LARGEST_MEAN_GAP = 0.01


def _matrix(constants: dict[str, np.ndarray], name: str) -> np.ndarray:
    """The float32 weights [outputs, inputs] of one layer."""
    matrix = constants[f"{name}.int8"].astype(np.float32) * constants[f"{name}.scale"]
    shrunk = constants.get(f"{name}.shrink")
    return matrix.T if shrunk is None else matrix.T * shrunk


def read_weights(graph: Path) -> dict[str, np.ndarray]:
    """The checkpoint's tensors by name from a graph that `quantise` wrote."""
    constants = {c.name: numpy_helper.to_array(c) for c in onnx.load(graph).graph.initializer}
    weights = {name: value for name, value in constants.items() if name.endswith((".weight", "dense.bias", "LayerNorm.bias"))}
    weights["classifier.out_proj.bias"] = constants["classifier.out_proj.bias"]
    words = constants[f"{EMBEDDINGS}.words.int8"].astype(np.float32) * constants[f"{EMBEDDINGS}.words.scale"]
    positions = constants[f"{EMBEDDINGS}.positions"]
    weights[f"{EMBEDDINGS}.word_embeddings.weight"] = words
    weights[f"{EMBEDDINGS}.position_embeddings.weight"] = positions
    weights[f"{EMBEDDINGS}.token_type_embeddings.weight"] = np.zeros((1, positions.shape[1]), np.float32)
    layers = [name.removesuffix(".int8") for name in constants if name.startswith("roberta.encoder") and name.endswith(".int8")]
    for name in layers:
        matrix = _matrix(constants, name)
        if not name.endswith("self.query"):
            weights[f"{name}.weight"] = matrix
            continue
        attention = name.removesuffix(".query")
        for part, rows, bias in zip(PROJECTIONS, np.split(matrix, 3), np.split(constants[f"{attention}.bias"], 3), strict=True):
            weights[f"{attention}.{part}.weight"], weights[f"{attention}.{part}.bias"] = rows, bias
    return {name: np.array(value, np.float32, order="C") for name, value in weights.items()}


def restore(folder: Path, data_dir: Path, out: Path) -> None:
    """Writes the model of `folder` to `out` as a checkpoint; raises when it does not score texts as the int8 graph does."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "config.json").write_bytes((folder / "config.json").read_bytes())
    save_file(read_weights(folder / QUANTISED), out / "model.safetensors", metadata={"format": "pt"})
    tokenizer = open_tokenizer(folder)
    texts = [row.text for row in data.only("validation", data.annotated(data_dir))][:COMPARED_TEXTS]
    with torch.no_grad():
        restored = scores(CamembertForSequenceClassification.from_pretrained(out), tokenizer, texts)
    gap = np.abs(restored - toxic_scores(logits_of(open_session(folder / QUANTISED), tokenizer, texts)))
    print({"texts": len(texts), "mean_gap": round(float(gap.mean()), 4), "largest_gap": round(float(gap.max()), 4)}, flush=True)
    if gap.max() > LARGEST_GAP or gap.mean() > LARGEST_MEAN_GAP:
        raise ValueError("the restored weights do not score texts as the int8 graph does")
