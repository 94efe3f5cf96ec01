"""Writes the decoder: token ids, earlier keys and values, and the encoder's keys and values to logits."""

from pathlib import Path

import numpy as np

from .encoder import EPSILON
from .graph import CONTRIB, FLOAT, INT64, Graph, tensor
from .key_values import key_values
from .linear import Linear
from .read_weights import Weights
from .shape import Shape
from .vocabulary_table import VocabularyTable


def write_decoder(weights: Weights, shape: Shape, linear: Linear, table: VocabularyTable, path: Path) -> None:
    """Inputs `input_ids` int64 [windows, tokens]; `past_key_values.{i}.decoder.key` and `.value`, float32 [windows, heads,
    past, 64], past 0 at first; `past_key_values.{i}.encoder.key` and `.value` as the encoder gives them.

    Outputs `logits` float32 [windows, tokens, vocabulary] and `present.{i}.decoder.key` and `.value`, float32 [windows, heads,
    past + tokens, 64]: the next past.
    """
    writer = DecoderWriter(weights, shape, linear, table, Graph())
    writer.logits()
    inputs = [tensor("input_ids", INT64, ["windows", "tokens"])]
    inputs += key_values("past_key_values", "decoder", shape, "past") + key_values("past_key_values", "encoder", shape, "states")
    outputs = [tensor("logits", FLOAT, ["windows", "tokens", shape.vocabulary])]
    writer.graph.save(path, inputs, outputs + key_values("present", "decoder", shape, "past + tokens"))


class DecoderWriter:
    """Writes the nodes; tensors that pass between layers are float32 [windows, tokens, width]."""

    def __init__(self, weights: Weights, shape: Shape, linear: Linear, table: VocabularyTable, graph: Graph) -> None:
        self.weights, self.shape, self.linear, self.table, self.graph = weights, shape, linear, table, graph

    def logits(self) -> None:
        x = self.embeddings()
        for layer in range(self.shape.decoder_layers):
            x = self.self_attention(x, layer)
            x = self.cross_attention(x, layer)
            x = self.feed_forward(x, f"model.decoder.layers.{layer}")
        self.table.logits(self.graph, self.normed(x, "model.decoder.layer_norm"), "logits")

    def embeddings(self) -> str:
        """Words plus positions, which go on after the past."""
        node = self.graph.node
        past = node("Squeeze", node("Shape", "past_key_values.0.decoder.key", start=2, end=3))
        tokens = node("Squeeze", node("Shape", "input_ids", start=1, end=2))
        places = node("Range", past, node("Add", past, tokens), self.graph.integer(1))
        positions = node("Gather", self.weight("model.decoder.embed_positions.weight"), places)
        return node("Add", self.table.embeddings(self.graph, "input_ids"), positions)

    def self_attention(self, x: str, layer: int) -> str:
        name = f"model.decoder.layers.{layer}.self_attn"
        together = np.concatenate([self.weights[f"{name}.{part}_proj.weight"] for part in "qkv"])
        biases = [self.weights[f"{name}.q_proj.bias"], np.zeros(self.shape.width), self.weights[f"{name}.v_proj.bias"]]
        projected = self.product(self.normed(x, f"{name}_layer_norm"), f"{name}.qkv_proj", together)
        parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        self.graph.nodes_with("Split", [projected], parts, axis=-1, num_outputs=3)
        bias = self.graph.constant(f"{name}.bias", np.concatenate(biases).astype(np.float32))
        past = [f"past_key_values.{layer}.decoder.{kind}" for kind in ("key", "value")]
        present = [f"present.{layer}.decoder.{kind}" for kind in ("key", "value")]
        mixed = f"{name}.mixed"
        self.graph.nodes_with(
            "MultiHeadAttention",
            [*parts, bias, "", "", *past],
            [mixed, *present],
            CONTRIB,
            num_heads=self.shape.heads,
            unidirectional=1,
        )
        return self.graph.node("Add", x, self.biased_product(mixed, f"{name}.out_proj"))

    def cross_attention(self, x: str, layer: int) -> str:
        name = f"model.decoder.layers.{layer}.encoder_attn"
        # Plain products: for one token they were twice as fast as MultiHeadAttention, which copies the keys and values.
        heads = self.graph.integers(0, 0, self.shape.heads, self.shape.head_width)
        query = self.biased_product(self.normed(x, f"{name}_layer_norm"), f"{name}.q_proj", self.shape.head_width**-0.5)
        query = self.graph.node("Transpose", self.graph.node("Reshape", query, heads), perm=[0, 2, 1, 3])
        key, value = self.encoder_states(layer)
        products = self.graph.node("MatMul", query, self.graph.node("Transpose", key, perm=[0, 1, 3, 2]))
        mixed = self.graph.node("MatMul", self.graph.node("Softmax", products, axis=-1), value)
        mixed = self.graph.node("Transpose", mixed, perm=[0, 2, 1, 3])
        mixed = self.graph.node("Reshape", mixed, self.graph.integers(0, 0, self.shape.width))
        return self.graph.node("Add", x, self.biased_product(mixed, f"{name}.out_proj"))

    def encoder_states(self, layer: int) -> tuple[str, str]:
        """What the encoder made of the window for this layer: keys and values, float32 [windows, heads, states, 64]."""
        return f"past_key_values.{layer}.encoder.key", f"past_key_values.{layer}.encoder.value"

    def feed_forward(self, x: str, name: str) -> str:
        wide = self.biased_product(self.normed(x, f"{name}.final_layer_norm"), f"{name}.fc1")
        return self.graph.node("Add", x, self.biased_product(self.graph.node("Gelu", wide), f"{name}.fc2"))

    def product(self, x: str, name: str, matrix: np.ndarray) -> str:
        return self.linear.product(self.graph, self.linear.ready(self.graph, x), name, matrix)

    def biased_product(self, x: str, name: str, factor: float = 1) -> str:
        """x times a matrix plus its bias, both multiplied by `factor`."""
        product = self.product(x, name, self.weights[f"{name}.weight"] * np.float32(factor))
        return self.graph.node(
            "Add", product, self.graph.constant(f"{name}.bias", self.weights[f"{name}.bias"] * np.float32(factor))
        )

    def normed(self, x: str, name: str) -> str:
        parts = [self.weight(f"{name}.{kind}") for kind in ("weight", "bias")]
        return self.graph.node("LayerNormalization", x, *parts, axis=-1, epsilon=EPSILON)

    def weight(self, name: str) -> str:
        """A float32 constant of the model."""
        return self.graph.constant(name, self.weights[name])
