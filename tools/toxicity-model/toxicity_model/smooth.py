"""Finds by how much to shrink each channel before its activations are quantised (SmoothQuant, Xiao et al. 2023).

A few channels are many times larger than the others and would take the whole range of a token. Shrinking a channel by s and
growing the weights that read it by s changes nothing in float and evens the ranges out.
"""

import random
from pathlib import Path

import numpy as np
import torch
from transformers import CamembertForSequenceClassification

from . import data
from .batches import pad
from .scoring import open_tokenizer

TEXTS = 64
SMALLEST = 1e-4
# How much of the unevenness moves from the activations to the weights (0.5 in the paper): 0.3 had the least error here.
SHARE = 0.3
# Only what a layer norm puts out is smoothed: there it halved the error; after GELU it made it larger.
SMOOTHED = ("attention.self.query", "intermediate.dense")


def channel_maxima(checkpoint: Path, data_dir: Path) -> dict[str, np.ndarray]:
    """The largest input of each channel [hidden] on training texts, for the layers whose names end with `SMOOTHED`."""
    model = CamembertForSequenceClassification.from_pretrained(checkpoint, attn_implementation="eager").eval()
    tokenizer = open_tokenizer(data_dir / "camembert-tokenizer")
    rng = random.Random(5)
    texts = [row.text for row in rng.sample(data.only("train", data.annotated(data_dir)), TEXTS)]
    maxima: dict[str, torch.Tensor] = {}

    def watch(name: str, module: torch.nn.Module) -> None:
        def record(_module: torch.nn.Module, inputs: tuple[torch.Tensor, ...]) -> None:
            largest = inputs[0].flatten(0, -2).abs().amax(dim=0)
            maxima[name] = torch.maximum(maxima.get(name, largest), largest)

        module.register_forward_pre_hook(record)

    for name, module in model.named_modules():
        if name.endswith(SMOOTHED):
            watch(name, module)
    with torch.no_grad():
        for encoding in tokenizer.encode_batch(texts):
            ids, mask = pad([encoding.ids])
            model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask))
    return {name: values.numpy() for name, values in maxima.items()}


def factors(inputs: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """s [inputs] for the largest input of each channel and the weights [outputs, inputs] that read it."""
    weights = np.abs(matrix).max(axis=0)
    moved = np.maximum(inputs, SMALLEST) ** SHARE
    return (moved / np.maximum(weights, SMALLEST) ** (1 - SHARE)).astype(np.float32)
