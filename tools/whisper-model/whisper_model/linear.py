"""The three ways in which a graph multiplies by a weight matrix: in float32, in int8 by rows, in int8 by blocks."""

from typing import NamedTuple, Protocol

import numpy as np

from .graph import CONTRIB, Graph
from .quantise import BLOCK, INT8_LIMIT, quantise_blocks, quantise_rows

UINT8_ZERO = 128
# GELU gives nothing below -0.17: most of the range goes to what is above zero, once a state's largest value is this large.
GELU_ZERO = 32
GELU_LIMIT = 223
GELU_SMALLEST = 0.17 * GELU_LIMIT / GELU_ZERO
# A state that is all zero would be divided by zero.
SMALLEST = 1e-10


class Activations(NamedTuple):
    """What a product reads: the tensor, and where it is quantised its zero point and the scale of each state [n, states, 1]."""

    values: str
    zero_point: str = ""
    scales: str = ""


class Linear(Protocol):
    """Products with weight matrices. Activations are made ready once and may then be multiplied by several matrices."""

    def ready(self, graph: Graph, x: str) -> Activations:
        """For x float32 [n, states, inputs]."""

    def ready_after_gelu(self, graph: Graph, x: str) -> Activations:
        """The same for what GELU gives, which is hardly negative."""

    def product(self, graph: Graph, activations: Activations, name: str, matrix: np.ndarray) -> str:
        """float32 [n, states, outputs]: activations times `matrix` [outputs, inputs] transposed."""


class Float32:
    """Plain matrix products, for the reference graphs."""

    def ready(self, _graph: Graph, x: str) -> Activations:
        return Activations(x)

    def ready_after_gelu(self, _graph: Graph, x: str) -> Activations:
        return Activations(x)

    def product(self, graph: Graph, activations: Activations, name: str, matrix: np.ndarray) -> str:
        return graph.node("MatMul", activations.values, graph.constant(f"{name}.transposed", matrix.T))


class Int8Rows:
    """8-bit weights with a scale per output, activations quantised as they come with a scale per state.

    So a window's states do not depend on the windows beside it in a batch, as they would with one scale per tensor.
    """

    def ready(self, graph: Graph, x: str) -> Activations:
        largest = graph.node("ReduceMax", graph.node("Abs", x), graph.integers(-1), keepdims=1)
        largest = graph.node("Max", largest, graph.constant("smallest", np.float32(SMALLEST)))
        return self._quantised(graph, x, largest, INT8_LIMIT, UINT8_ZERO)

    def ready_after_gelu(self, graph: Graph, x: str) -> Activations:
        smallest = graph.constant("gelu_smallest", np.float32(GELU_SMALLEST))
        largest = graph.node("Max", graph.node("ReduceMax", x, graph.integers(-1), keepdims=1), smallest)
        return self._quantised(graph, x, largest, GELU_LIMIT, GELU_ZERO)

    def product(self, graph: Graph, activations: Activations, name: str, matrix: np.ndarray) -> str:
        values, scales = quantise_rows(matrix)
        sums = graph.node(
            "MatMulIntegerToFloat",
            activations.values,
            graph.constant(f"{name}.int8", values.T),
            graph.constant("one", np.float32(1)),
            graph.constant(f"{name}.scales", scales),
            activations.zero_point,
            graph.constant(f"{name}.zero_points", np.zeros(len(matrix), np.int8)),
            domain=CONTRIB,
        )
        return graph.node("Mul", sums, activations.scales)

    def _quantised(self, graph: Graph, x: str, largest: str, limit: int, zero: int) -> Activations:
        """`largest` [n, states, 1] becomes `limit` above the zero point."""
        spread = graph.node("Mul", x, graph.node("Div", graph.constant(f"limit_{limit}", np.float32(limit)), largest))
        zero_point = graph.constant(f"zero_{zero}", np.uint8(zero))
        scales = graph.node("Mul", largest, graph.constant(f"step_{limit}", np.float32(1 / limit)))
        one = graph.constant("one", np.float32(1))
        return Activations(graph.node("QuantizeLinear", spread, one, zero_point), zero_point, scales)


class Int8Blocks:
    """8-bit weights with a scale for every 32 of them: reads a quarter of the memory, which is what a single token costs."""

    def ready(self, _graph: Graph, x: str) -> Activations:
        return Activations(x)

    def ready_after_gelu(self, _graph: Graph, x: str) -> Activations:
        return Activations(x)

    def product(self, graph: Graph, activations: Activations, name: str, matrix: np.ndarray) -> str:
        values, scales = quantise_blocks(matrix)
        return block_product(
            graph,
            activations.values,
            graph.constant(f"{name}.uint8", values),
            graph.constant(f"{name}.scales", scales),
            matrix.shape,
        )


def block_product(graph: Graph, x: str, values: str, scales: str, shape: tuple[int, ...]) -> str:
    """x [n, states, inputs] times the blocks `values` of a matrix of `shape` [outputs, inputs] transposed."""
    outputs, inputs = shape
    # Level 4: activations are quantised to 8 bits too, block by block.
    options = {"K": inputs, "N": outputs, "bits": 8, "block_size": BLOCK, "accuracy_level": 4}
    return graph.node("MatMulNBits", x, values, scales, domain=CONTRIB, **options)
