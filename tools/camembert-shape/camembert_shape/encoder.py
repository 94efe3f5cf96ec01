"""Writes CamemBERT with a classification head in the operators that ONNX Runtime's optimiser makes of an export."""

from dataclasses import dataclass
from pathlib import Path

from voxtral_shape.external_data import ExternalData
from voxtral_shape.form import Form
from voxtral_shape.graph import CONTRIB, FLOAT, INT32, INT64, Graph, tensor

EPSILON = 1e-5
PADDING = 1
DEVIATION = 0.02  # of the published model's first weights
HEAD_DEVIATION = 1  # so that scores of different texts differ


@dataclass(frozen=True)
class Shape:
    """Sizes of one model. `hidden` is the width of the hidden states, `inner` that of the feed-forward layers."""

    hidden: int
    inner: int
    layers: int
    heads: int
    vocabulary: int
    positions: int = 514


def write_encoder(shape: Shape, form: Form, labels: int, data: ExternalData, path: Path) -> None:
    """Inputs `input_ids` and `attention_mask` int64 [batch, tokens]; output `logits` float32 [batch, labels]."""
    graph = Graph(data, form)
    writer = _Encoder(shape, graph)
    x = writer.embedded()
    for layer in range(shape.layers):
        x = writer.layer(x, f"roberta.encoder.layer.{layer}")
    writer.classify(x, labels)
    names = ("input_ids", "attention_mask")
    inputs = [tensor(name, INT64, ["batch_size", "sequence_length"]) for name in names]
    graph.save(path, inputs, [tensor("logits", FLOAT, ["batch_size", labels])])


class _Encoder:
    """Tensors that pass between layers are [batch, tokens, hidden]."""

    def __init__(self, shape: Shape, graph: Graph) -> None:
        self.shape, self.graph = shape, graph
        self.mask = graph.node("Cast", "attention_mask", to=INT32)

    def embedded(self) -> str:
        node, hidden = self.graph.node, self.shape.hidden
        count = node("CumSum", "attention_mask", self.graph.integer(1))
        places = node("Add", node("Mul", count, "attention_mask"), self.graph.integer(PADDING))
        words = node("Gather", self.matrix("roberta.embeddings.word", self.shape.vocabulary, hidden), "input_ids", axis=0)
        positions = node("Gather", self.matrix("roberta.embeddings.position", self.shape.positions, hidden), places, axis=0)
        total = node("Add", node("Add", words, positions), self.bias("roberta.embeddings.type", hidden))
        return node("LayerNormalization", total, *self.scale("roberta.embeddings.norm"), axis=-1, epsilon=EPSILON)

    def layer(self, x: str, name: str) -> str:
        node, hidden, inner = self.graph.node, self.shape.hidden, self.shape.inner
        joined = self.matrix(f"{name}.attention.qkv", hidden, 3 * hidden), self.bias(f"{name}.attention.qkv.bias", 3 * hidden)
        mixed = node("Attention", x, *joined, self.mask, domain=CONTRIB, num_heads=self.shape.heads)
        x = self.added(x, node("MatMul", mixed, self.matrix(f"{name}.attention.output", hidden, hidden)), f"{name}.attention")
        states = node("MatMul", x, self.matrix(f"{name}.intermediate", hidden, inner))
        states = node("BiasGelu", states, self.bias(f"{name}.intermediate.bias", inner), domain=CONTRIB)
        return self.added(x, node("MatMul", states, self.matrix(f"{name}.output", inner, hidden)), f"{name}.output")

    def added(self, x: str, addend: str, name: str) -> str:
        """The normalised sum of both and a bias."""
        inputs = [addend, x, *self.scale(f"{name}.norm"), self.bias(f"{name}.bias", self.shape.hidden)]
        return self.graph.node("SkipLayerNormalization", *inputs, domain=CONTRIB, epsilon=EPSILON)

    def classify(self, x: str, labels: int) -> None:
        """From the state of the first token."""
        node, hidden = self.graph.node, self.shape.hidden
        first = node("Gather", x, self.graph.integer(0), axis=1)
        dense = node("Add", node("MatMul", first, self.matrix("dense", hidden, hidden)), self.bias("dense.bias", hidden))
        weights = self.matrix("out_proj", hidden, labels, HEAD_DEVIATION)
        logits = node("Add", node("MatMul", node("Tanh", dense), weights), self.bias("out_proj.bias", labels))
        self.graph.leave(logits, "logits")

    def matrix(self, name: str, rows: int, columns: int, deviation: float = DEVIATION) -> str:
        return self.graph.weight(self.graph.data.matrix(name, (rows, columns), deviation))

    def scale(self, name: str) -> tuple[str, str]:
        """Of a norm: its factors, around 1, and its addends."""
        weight = self.graph.data.normal(f"{name}.weight", (self.shape.hidden,), 0.1, mean=1)
        return self.graph.weight(weight), self.bias(f"{name}.bias", self.shape.hidden)

    def bias(self, name: str, width: int) -> str:
        return self.graph.weight(self.graph.data.normal(name, (width,), DEVIATION))
