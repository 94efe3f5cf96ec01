"""The table of word vectors, which serves twice: it embeds the tokens, and its products with the last states are the logits."""

from typing import Protocol

import numpy as np

from .graph import CONTRIB, Graph
from .linear import block_product
from .quantise import BLOCK, quantise_blocks

NAME = "model.decoder.embed_tokens"


class VocabularyTable(Protocol):
    """One constant for both uses."""

    def embeddings(self, graph: Graph, tokens: str) -> str:
        """float32 [windows, tokens, width] for int64 [windows, tokens]."""

    def logits(self, graph: Graph, states: str, output: str) -> None:
        """Writes float32 [windows, tokens, vocabulary] to `output` for float32 [windows, tokens, width]."""


class Float32Table:
    def __init__(self, matrix: np.ndarray) -> None:
        self.matrix = matrix

    def embeddings(self, graph: Graph, tokens: str) -> str:
        return graph.node("Gather", graph.constant(NAME, self.matrix), tokens)

    def logits(self, graph: Graph, states: str, output: str) -> None:
        transposed = graph.node("Transpose", graph.constant(NAME, self.matrix), perm=[1, 0])
        graph.nodes_with("MatMul", [states, transposed], [output])


class Int8Table:
    """8 bits, a scale for every 32 weights."""

    def __init__(self, matrix: np.ndarray) -> None:
        self.shape = matrix.shape
        self.values, self.scales = quantise_blocks(matrix)

    def embeddings(self, graph: Graph, tokens: str) -> str:
        values, scales = self._constants(graph)
        column = graph.node("Unsqueeze", scales, graph.integers(-1))
        options = {"gather_axis": 0, "quantize_axis": 2, "block_size": BLOCK, "bits": 8}
        blocks = graph.node("GatherBlockQuantized", values, tokens, column, domain=CONTRIB, **options)
        return graph.node("Reshape", blocks, graph.integers(0, 0, self.shape[1]))

    def logits(self, graph: Graph, states: str, output: str) -> None:
        product = block_product(graph, states, *self._constants(graph), self.shape)
        graph.nodes_with("Identity", [product], [output])

    def _constants(self, graph: Graph) -> tuple[str, str]:
        return graph.constant(f"{NAME}.uint8", self.values), graph.constant(f"{NAME}.scales", self.scales)
