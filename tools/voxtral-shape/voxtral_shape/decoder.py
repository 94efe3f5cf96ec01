"""Writes the text decoder: embeddings and earlier keys and values to logits."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnx

from .answer import END, Answer
from .attention import Attention
from .external_data import ExternalData
from .form import Form
from .graph import CONTRIB, FLOAT, INT64, Graph, tensor
from .shape import SPECIAL_TOKENS, Shape
from .weights import matrix_rows

EPSILON = 1e-5
ROPE_THETA = 1e8


def write_decoder(shape: Shape, form: Form, attention: type[Attention], answer: Answer | None, path: Path) -> None:
    """Inputs `inputs_embeds` float32 [batch, tokens, hidden]; `attention_mask` int64 [batch, past + tokens]; `position_ids` int64
    [batch, tokens]; `past_key_values.{i}.key` and `.value`, float32 or float16 [batch, key-value heads, past, head width].

    Outputs `logits` float32 [batch, tokens, vocabulary] and `present.{i}.key` and `.value`: the next past.

    The last matrix lies in a file of its own. It gives special tokens, the end of the text among them, a logit of 0, which is
    never the largest: a random model writes words for as long as it is asked to. With an `answer` it writes that one.
    """
    first, last = (ExternalData(path.with_suffix(f".onnx_data{end}"), form.numbers) for end in ("", "_1"))
    with first, last:
        graph = Graph(first, form)
        _Decoder(shape, graph, attention(shape, graph, _rope_caches(shape, graph)), answer).logits(last)
    inputs = [
        tensor("inputs_embeds", FLOAT, ["batch_size", "sequence_length", shape.text_hidden]),
        tensor("attention_mask", INT64, ["batch_size", "total_sequence_length"]),
        tensor("position_ids", INT64, ["batch_size", "sequence_length"]),
        *_key_values("past_key_values", shape, graph.kind, "past_sequence_length"),
    ]
    logits = tensor("logits", FLOAT, ["batch_size", "sequence_length", shape.vocabulary])
    graph.save(path, inputs, [logits, *_key_values("present", shape, graph.kind, "total_sequence_length")])


@dataclass(frozen=True)
class _Decoder:
    """Tensors that pass between layers are [batch, tokens, hidden]: the running sum, and what is to be added to it."""

    shape: Shape
    graph: Graph
    attention: Attention
    answer: Answer | None

    def logits(self, last: ExternalData) -> None:
        name, hidden = "model.language_model", self.shape.text_hidden
        first = self.scale(f"{name}.layers.0.input_layernorm")
        options = {"axis": -1, "epsilon": EPSILON, "stash_type": 1}
        total = self.graph.entered("inputs_embeds")
        normed = self.graph.node("SimplifiedLayerNormalization", total, first, **options)
        for layer in range(self.shape.text_layers):
            here = f"{name}.layers.{layer}"
            mixed = self.attention.mixed(normed, f"{here}.self_attn", layer)
            normed, total = self.added(total, mixed, f"{here}.post_attention_layernorm")
            following = f"{name}.layers.{layer + 1}.input_layernorm" if layer + 1 < self.shape.text_layers else f"{name}.norm"
            normed, total = self.added(total, self.feed_forward(normed, f"{here}.mlp"), following)
        silent = np.arange(SPECIAL_TOKENS)
        head = self.graph.matrix(
            "lm_head", self.shape.vocabulary, hidden, last, silent=silent if self.answer is None else silent[silent != END]
        )
        if self.answer is not None:
            rows = matrix_rows([last.read(tensor) for tensor in head], self.answer.token_ids)
            normed = self.moved(normed, self.answer.moves(rows))
        self.graph.leave(self.graph.product_with(normed, head, self.shape.vocabulary, hidden), "logits")

    def moved(self, normed: str, moves: np.ndarray) -> str:
        """With the move of its position added to each state."""
        node, table = self.graph.node, self.graph.weight(self.graph.data.floats("answer_moves", moves))
        position = node("Min", "position_ids", self.graph.integer(len(moves) - 1))
        return node("Add", normed, node("Gather", table, position, axis=0))

    def feed_forward(self, x: str, name: str) -> str:
        node, hidden, inner = self.graph.node, self.shape.text_hidden, self.shape.text_inner
        gate = self.graph.product(x, f"{name}.gate_proj", inner, hidden)
        up = self.graph.product(x, f"{name}.up_proj", inner, hidden)
        states = node("Mul", node("Mul", gate, node("Sigmoid", gate)), up)
        return self.graph.product(states, f"{name}.down_proj", hidden, inner, self.shape.residual_gain)

    def added(self, total: str, addend: str, norm: str) -> tuple[str, str]:
        """The new sum, normalised and as it is."""
        outputs = [f"{norm}.normed", "", "", f"{norm}.sum"]
        inputs = [total, addend, self.scale(norm)]
        self.graph.nodes_with("SkipSimplifiedLayerNormalization", inputs, outputs, CONTRIB, epsilon=EPSILON)
        return outputs[0], outputs[3]

    def scale(self, name: str) -> str:
        return self.graph.weight(self.graph.data.normal(f"{name}.weight", (self.shape.text_hidden,), 0.1, mean=1))


def _rope_caches(shape: Shape, graph: Graph) -> tuple[str, str]:
    """Cosines and sines, float32 [positions, head width / 2]."""
    frequencies = ROPE_THETA ** -(np.arange(0, shape.head_width, 2) / shape.head_width)
    angles = np.arange(shape.positions)[:, None] * frequencies[None]
    cosines = graph.weight(graph.data.floats("cos_cache", np.cos(angles)))
    return cosines, graph.weight(graph.data.floats("sin_cache", np.sin(angles)))


def _key_values(prefix: str, shape: Shape, kind: int, length: str) -> list[onnx.ValueInfoProto]:
    dimensions = ["batch_size", shape.text_key_value_heads, length, shape.head_width]
    names = [f"{prefix}.{layer}.{kind}" for layer in range(shape.text_layers) for kind in ("key", "value")]
    return [tensor(name, kind, dimensions) for name in names]
