"""Writes the encoder: a window's log-mel spectrogram to the cross-attention keys and values that the decoder reads."""

from pathlib import Path

import numpy as np

from .graph import CONTRIB, FLOAT, Graph, tensor
from .key_values import key_values
from .linear import Linear
from .read_weights import Weights
from .shape import Shape

EPSILON = 1e-5


def write_encoder(weights: Weights, shape: Shape, linear: Linear, first: Linear, path: Path) -> None:
    """`first` multiplies in the attention of the first layer, `linear` everywhere else.

    Input `input_features` float32 [windows, mels, frames], frames even and at most twice the source positions.

    Outputs for each decoder layer i `present.{i}.encoder.key` and `.value`, float32 [windows, heads, frames / 2, 64].
    """
    writer = _Encoder(weights, shape, linear, first)
    writer.cross_attention(writer.hidden_states())
    inputs = [tensor("input_features", FLOAT, ["windows", shape.mels, "frames"])]
    writer.graph.save(path, inputs, key_values("present", "encoder", shape, "states"))


def write_public_encoder(weights: Weights, shape: Shape, linear: Linear, path: Path) -> None:
    """The same for the public layout: the only output is `last_hidden_state`, float32 [windows, frames / 2, width]."""
    writer = _Encoder(weights, shape, linear, linear)
    writer.graph.nodes_with("Identity", [writer.hidden_states()], ["last_hidden_state"])
    inputs = [tensor("input_features", FLOAT, ["windows", shape.mels, "frames"])]
    writer.graph.save(path, inputs, [tensor("last_hidden_state", FLOAT, ["windows", "states", shape.width])])


class _Encoder:
    """Tensors that pass between layers are float32 [windows, states, width]."""

    def __init__(self, weights: Weights, shape: Shape, linear: Linear, first: Linear) -> None:
        self.weights, self.shape, self.linear, self.first, self.graph = weights, shape, linear, first, Graph()

    def hidden_states(self) -> str:
        """Each layer adds to a running sum `x`."""
        x = self.embeddings()
        normed = self.normed(x, "model.encoder.layers.0.self_attn_layer_norm")
        for layer in range(self.shape.encoder_layers):
            name = f"model.encoder.layers.{layer}"
            mixed = self.attention(normed, f"{name}.self_attn", self.linear if layer else self.first)
            x = self.added(x, mixed, f"{name}.self_attn.out_proj.bias")
            x = self.added(x, self.feed_forward(self.normed(x, f"{name}.final_layer_norm"), name), f"{name}.fc2.bias")
            last = layer + 1 == self.shape.encoder_layers
            normed = self.normed(
                x, "model.encoder.layer_norm" if last else f"model.encoder.layers.{layer + 1}.self_attn_layer_norm"
            )
        return normed

    def embeddings(self) -> str:
        """Two convolutions, the second of which halves the number of frames, plus positions."""
        node, x = self.graph.node, "input_features"
        for convolution, stride in (("conv1", 1), ("conv2", 2)):
            parts = [self.weight(f"model.encoder.{convolution}.{kind}") for kind in ("weight", "bias")]
            x = node("Gelu", node("Conv", x, *parts, kernel_shape=[3], pads=[1, 1], strides=[stride]))
        x = node("Transpose", x, perm=[0, 2, 1])
        states = node("Shape", x, start=1, end=2)
        zero = self.graph.integers(0)
        positions = node("Slice", self.weight("model.encoder.embed_positions.weight"), zero, states, zero)
        return node("Add", x, positions)

    def attention(self, normed: str, name: str, linear: Linear) -> str:
        ready, projections = linear.ready(self.graph, normed), []
        for part in "qkv":
            projection = f"{name}.{part}_proj"
            projections.append(linear.product(self.graph, ready, projection, self.weights[f"{projection}.weight"]))
        biases = [self.weights[f"{name}.q_proj.bias"], np.zeros(self.shape.width), self.weights[f"{name}.v_proj.bias"]]
        bias = self.graph.constant(f"{name}.bias", np.concatenate(biases).astype(np.float32))
        mixed = self.graph.node("MultiHeadAttention", *projections, bias, domain=CONTRIB, num_heads=self.shape.heads)
        outer = f"{name}.out_proj"
        return linear.product(self.graph, linear.ready(self.graph, mixed), outer, self.weights[f"{outer}.weight"])

    def feed_forward(self, normed: str, name: str) -> str:
        inner, outer = f"{name}.fc1", f"{name}.fc2"
        wide = self.linear.product(self.graph, self.linear.ready(self.graph, normed), inner, self.weights[f"{inner}.weight"])
        active = self.graph.node("BiasGelu", wide, self.weight(f"{inner}.bias"), domain=CONTRIB)
        ready = self.linear.ready_after_gelu(self.graph, active)
        return self.linear.product(self.graph, ready, outer, self.weights[f"{outer}.weight"])

    def cross_attention(self, states: str) -> None:
        """Writes the outputs."""
        ready = self.linear.ready(self.graph, states)
        for layer in range(self.shape.decoder_layers):
            for kind, part in (("key", "k"), ("value", "v")):
                projection = f"model.decoder.layers.{layer}.encoder_attn.{part}_proj"
                x = self.linear.product(self.graph, ready, projection, self.weights[f"{projection}.weight"])
                if part == "v":
                    x = self.graph.node("Add", x, self.weight(f"{projection}.bias"))
                heads = self.graph.node("Reshape", x, self.graph.integers(0, 0, self.shape.heads, self.shape.head_width))
                self.graph.nodes_with("Transpose", [heads], [f"present.{layer}.encoder.{kind}"], perm=[0, 2, 1, 3])

    def added(self, x: str, addition: str, bias: str) -> str:
        return self.graph.node("Add", self.graph.node("Add", x, addition), self.weight(bias))

    def normed(self, x: str, name: str) -> str:
        """Apart from the addition before it: SkipLayerNormalization, which does both, was six times slower than the two."""
        parts = [self.weight(f"{name}.{kind}") for kind in ("weight", "bias")]
        return self.graph.node("LayerNormalization", x, *parts, axis=-1, epsilon=EPSILON)

    def weight(self, name: str) -> str:
        """A float32 constant of the model."""
        return self.graph.constant(name, self.weights[name])
