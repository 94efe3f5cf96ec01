"""Writes the audio encoder: log-mel spectrograms of 30 s to audio tokens in the width of the text decoder."""

from pathlib import Path

import numpy as np

from .external_data import ExternalData
from .form import Form
from .graph import FLOAT, Graph, tensor
from .shape import FRAMES_PER_TOKEN, Shape

EPSILON = 1e-5
MAX_TIMESCALE = 10000  # of the sinusoid positions


def write_audio_encoder(shape: Shape, form: Form, path: Path) -> None:
    """Input `audio_values` float32 [windows, mels, frames]; output `audio_features` float32 [windows × audio tokens, hidden].

    As in the public export, attention is spelt out in plain operators.
    """
    with ExternalData(path.with_suffix(".onnx_data"), form.numbers) as data:
        writer = _Encoder(shape, Graph(data, form))
        writer.project(writer.hidden_states())
    frames = FRAMES_PER_TOKEN * shape.audio_tokens
    writer.graph.save(
        path,
        [tensor("audio_values", FLOAT, ["batch_size", shape.mels, frames])],
        [tensor("audio_features", FLOAT, ["num_audio_tokens", shape.text_hidden])],
    )


class _Encoder:
    """Tensors that pass between layers are [windows, states, audio hidden]."""

    def __init__(self, shape: Shape, graph: Graph) -> None:
        self.shape, self.graph = shape, graph

    def hidden_states(self) -> str:
        node, name = self.graph.node, "model.audio_tower"
        x = self.convolution(self.graph.entered("audio_values"), f"{name}.conv1", self.shape.mels, stride=1)
        x = self.convolution(x, f"{name}.conv2", self.shape.audio_hidden, stride=2)
        positions = self.graph.data.floats(
            f"{name}.embed_positions.weight", sinusoids(self.shape.source_positions, self.shape.audio_hidden)
        )
        x = node("Add", node("Transpose", x, perm=[0, 2, 1]), self.graph.weight(positions))
        for layer in range(self.shape.audio_layers):
            x = self.layer(x, f"{name}.layers.{layer}")
        return self.normed(x, f"{name}.layer_norm")

    def convolution(self, x: str, name: str, channels: int, stride: int) -> str:
        shape = (self.shape.audio_hidden, channels, 3)
        weight = self.graph.weight(self.graph.data.normal(f"{name}.weight", shape, (3 * channels) ** -0.5))
        bias = self.bias(name, self.shape.audio_hidden)
        return self.graph.node("Gelu", self.graph.node("Conv", x, weight, bias, pads=[1, 1], strides=[stride]))

    def layer(self, x: str, name: str) -> str:
        node, hidden, inner = self.graph.node, self.shape.audio_hidden, self.shape.audio_inner
        x = node("Add", x, self.attention(self.normed(x, f"{name}.self_attn_layer_norm"), f"{name}.self_attn"))
        states = self.linear(self.normed(x, f"{name}.final_layer_norm"), f"{name}.fc1", inner, hidden)
        return node("Add", x, self.linear(node("Gelu", states), f"{name}.fc2", hidden, inner))

    def attention(self, x: str, name: str) -> str:
        node, hidden, heads = self.graph.node, self.shape.audio_hidden, self.shape.audio_heads
        split = self.graph.integers(0, 0, heads, hidden // heads)
        query = node("Reshape", self.linear(x, f"{name}.q_proj", hidden, hidden), split)
        key = node("Reshape", self.graph.product(x, f"{name}.k_proj", hidden, hidden), split)
        value = node("Reshape", self.linear(x, f"{name}.v_proj", hidden, hidden), split)
        scale = self.graph.number("audio_attention_scale", (hidden // heads) ** -0.5)
        query = node("Mul", node("Transpose", query, perm=[0, 2, 1, 3]), scale)
        scores = node("MatMul", query, node("Transpose", key, perm=[0, 2, 3, 1]))
        mixed = node("MatMul", node("Softmax", scores, axis=-1), node("Transpose", value, perm=[0, 2, 1, 3]))
        joined = node("Reshape", node("Transpose", mixed, perm=[0, 2, 1, 3]), self.graph.integers(0, 0, hidden))
        return self.linear(joined, f"{name}.out_proj", hidden, hidden)

    def project(self, x: str) -> None:
        """Joins four consecutive states into one audio token."""
        node, name, hidden = self.graph.node, "model.multi_modal_projector", self.shape.text_hidden
        joined = node("Reshape", x, self.graph.integers(-1, self.shape.joined))
        states = node("Gelu", self.graph.product(joined, f"{name}.linear_1", hidden, self.shape.joined))
        projected = self.graph.product(states, f"{name}.linear_2", hidden, hidden)
        self.graph.leave(projected, "audio_features")

    def normed(self, x: str, name: str) -> str:
        data, width = self.graph.data, (self.shape.audio_hidden,)
        weight = self.graph.weight(data.normal(f"{name}.weight", width, 0.1, mean=1))
        return self.graph.node("LayerNormalization", x, weight, self.bias(name, *width), axis=-1, epsilon=EPSILON)

    def linear(self, x: str, name: str, outputs: int, inputs: int) -> str:
        return self.graph.node("Add", self.graph.product(x, name, outputs, inputs), self.bias(name, outputs))

    def bias(self, name: str, width: int) -> str:
        return self.graph.weight(self.graph.data.normal(f"{name}.bias", (width,), 0.1))


def sinusoids(length: int, width: int) -> np.ndarray:
    """Whisper's fixed positions, float32 [length, width]: sines, then cosines."""
    steps = np.log(MAX_TIMESCALE) / (width // 2 - 1)
    angles = np.arange(length)[:, None] * np.exp(-steps * np.arange(width // 2))[None]
    return np.concatenate([np.sin(angles), np.cos(angles)], axis=1).astype(np.float32)
