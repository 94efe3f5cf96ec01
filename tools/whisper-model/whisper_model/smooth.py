"""Evens out the channels that the encoder's products read, so that rounding them to 8 bits costs less (SmoothQuant, 2023).

A few channels are many times larger than the others and would take the whole range of a state. Shrinking a channel by s and
growing the weights that read it by s changes nothing in float. Where a layer norm puts the channels out, its own weights say
how large they will be, so that no recording is needed to find s, and the norm can do the shrinking.
"""

import numpy as np

from .read_weights import Weights
from .shape import Shape

# How much of the unevenness moves from the activations to the weights, as in the paper.
SHARE = 0.5
SMALLEST = 1e-3


def smooth(weights: Weights, shape: Shape) -> Weights:
    """The same model with even inputs of the attention, feed-forward and cross-attention products of the encoder."""
    smoothed = dict(weights)
    for layer in range(shape.encoder_layers):
        name = f"model.encoder.layers.{layer}"
        _fold(smoothed, f"{name}.self_attn_layer_norm", [f"{name}.self_attn.{part}_proj.weight" for part in "qkv"])
        _fold(smoothed, f"{name}.final_layer_norm", [f"{name}.fc1.weight"])
    layers = range(shape.decoder_layers)
    readers = [f"model.decoder.layers.{layer}.encoder_attn.{part}_proj.weight" for layer in layers for part in "kv"]
    _fold(smoothed, "model.encoder.layer_norm", readers)
    return smoothed


def _fold(weights: Weights, norm: str, readers: list[str]) -> None:
    sizes = np.abs(weights[f"{norm}.weight"]) + np.abs(weights[f"{norm}.bias"])
    factors = np.maximum(sizes, SMALLEST) ** np.float32(SHARE)
    for kind in ("weight", "bias"):
        weights[f"{norm}.{kind}"] = weights[f"{norm}.{kind}"] / factors
    for reader in readers:
        weights[reader] = weights[reader] * factors
