"""Collects the nodes and constants of one ONNX graph."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20  # the first with Gelu
IR_VERSION = 9  # the oldest that may hold this opset
CONTRIB = "com.microsoft"
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
Dimensions = Sequence[str | int]


def tensor(name: str, kind: int, dimensions: Dimensions | None) -> onnx.ValueInfoProto:
    """An input or output; a dimension is a number, or a name when it varies."""
    return helper.make_tensor_value_info(name, kind, dimensions)


class Graph:
    """Nodes in the order of their making; every call gives the name of the new tensor."""

    def __init__(self, outer: "Graph | None" = None, prefix: str = "") -> None:
        """A branch's `prefix` makes its names its own; its constants are those of the graph `outer` around it."""
        self.prefix = prefix
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = outer.constants if outer else {}

    def constant(self, name: str, value: np.ndarray | np.generic) -> str:
        """A constant with this name; one that is there already is not made again."""
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(np.array(value, order="C"), name)
        return name

    def integers(self, *values: int) -> str:
        """A list of int64 constants."""
        return self.constant("integers_" + "_".join(map(str, values)), np.array(values, np.int64))

    def integer(self, value: int) -> str:
        """One int64 constant without dimensions."""
        return self.constant(f"integer_{value}", np.int64(value))

    def nodes_with(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: object) -> None:
        """A node whose outputs get the names given; the name "" leaves out an optional input or output."""
        name = f"{self.prefix}{kind}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, outputs, name=name, domain=domain, **attributes))

    def node(self, kind: str, *inputs: str, domain: str = "", **attributes: object) -> str:
        """A node with one output."""
        output = f"{self.prefix}{kind}_{len(self.nodes)}_out"
        self.nodes_with(kind, list(inputs), [output], domain, **attributes)
        return output

    def branch(self, outputs: list[onnx.ValueInfoProto]) -> onnx.GraphProto:
        """As a branch of an `If` of the graph around it, whose tensors it reads.

        The types of its products are written down: ONNX Runtime's quantiser asks for them and cannot infer what follows an
        operator that is not of the ONNX standard.
        """
        products = [name for node in self.nodes if node.op_type == "MatMul" for name in node.output]
        types = [tensor(name, FLOAT, None) for name in products if name not in {output.name for output in outputs}]
        return helper.make_graph(self.nodes, self.prefix, [], outputs, value_info=types)

    def save(self, path: Path, inputs: list[onnx.ValueInfoProto], outputs: list[onnx.ValueInfoProto]) -> None:
        graph = helper.make_graph(self.nodes, path.stem, inputs, outputs, list(self.constants.values()))
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=IR_VERSION, producer_name="whisper_model")
        path.parent.mkdir(parents=True, exist_ok=True)
        onnx.save(model, str(path))
