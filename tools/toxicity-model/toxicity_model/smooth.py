"""Finds by how much to shrink each channel before its activations are quantised (SmoothQuant, Xiao et al. 2023).

A few channels are many times larger than the others and would take the whole range of a token. Shrinking a channel by s and
growing the weights that read it by s changes nothing in float and evens the ranges out.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from transformers import CamembertForSequenceClassification

from . import data
from .batches import pad
from .scoring import open_tokenizer

TEXTS = 64
SMALLEST = 1e-4
# How much of the unevenness moves from the activations to the weights, as in the paper.
SHARE = 0.5
# Only what a layer norm puts out is smoothed (query and intermediate): there it halved the error; after GELU it made it larger.
LAYERS = ("attention.self.query", "attention.output.dense", "intermediate.dense", "output.dense")


@dataclass(frozen=True)
class Inputs:
    """What one layer is given on training texts: each channel's largest value and mean [inputs], and how they go together."""

    largest: np.ndarray
    mean: np.ndarray
    covariance: np.ndarray

    def shrunk(self, shrink: np.ndarray) -> "Inputs":
        """The same with every channel divided by `shrink` [inputs]."""
        return Inputs(self.largest / shrink, self.mean / shrink, self.covariance / np.outer(shrink, shrink))


def layer_inputs(checkpoint: Path, data_dir: Path) -> dict[str, Inputs]:
    """The inputs of the encoder's layers whose names end with `LAYERS`, by name."""
    model = CamembertForSequenceClassification.from_pretrained(checkpoint, attn_implementation="eager").eval()
    tokenizer = open_tokenizer(data_dir / "camembert-tokenizer")
    rng = random.Random(5)
    texts = [row.text for row in rng.sample(data.only("train", data.annotated(data_dir)), TEXTS)]
    seen: dict[str, list[torch.Tensor]] = {}

    def watch(name: str, module: torch.nn.Module) -> None:
        def record(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            seen.setdefault(name, []).append(inputs[0].flatten(0, -2))

        module.register_forward_pre_hook(record)

    for name, module in model.named_modules():
        if name.endswith(LAYERS):
            watch(name, module)
    with torch.no_grad():
        for encoding in tokenizer.encode_batch(texts):
            ids, mask = pad([encoding.ids])
            model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
    tokens = {name: torch.cat(parts).numpy() for name, parts in seen.items()}
    return {name: Inputs(np.abs(x).max(axis=0), x.mean(axis=0), np.cov(x.T)) for name, x in tokens.items()}


def factors(inputs: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """s [inputs] for the largest input of each channel and the weights [outputs, inputs] that read it."""
    weights = np.abs(matrix).max(axis=0)
    moved = np.maximum(inputs, SMALLEST) ** SHARE
    return (moved / np.maximum(weights, SMALLEST) ** (1 - SHARE)).astype(np.float32)
