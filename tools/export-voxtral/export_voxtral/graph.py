"""Collects the nodes and constants of the fused graph and of its loop's body."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BOOL, FLOAT, INT64 = TensorProto.BOOL, TensorProto.FLOAT, TensorProto.INT64
Dimensions = list[str | int]


def tensor(name: str, kind: int, dimensions: Dimensions) -> onnx.ValueInfoProto:
    """An input or output; a dimension is a number, or a name when it varies."""
    return helper.make_tensor_value_info(name, kind, dimensions)


class Graph:
    """Nodes in the order of their making; every call gives the name of the new tensor."""

    def __init__(self, prefix: str, opset: int, outer: "Graph | None" = None) -> None:
        """`prefix` makes the names its own. The constants of a body lie in the graph `outer` around it."""
        self.prefix = prefix
        self.opset = opset
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = outer.constants if outer else {}

    def constant(self, value: np.ndarray | np.generic) -> str:
        """One tensor for equal values, shapes and types."""
        values = "_".join(map(str, value.reshape(-1)))
        return self.named_constant(f"constant/{value.dtype}_{value.ndim}_{values}", np.array(value))

    def named_constant(self, name: str, value: np.ndarray) -> str:
        if name not in self.constants:
            self.constants[name] = numpy_helper.from_array(value, name)
        return name

    def node(self, kind: str, *inputs: str, **attributes: object) -> str:
        """A node with one output."""
        name = f"{self.prefix}{kind}_{len(self.nodes)}"
        output = f"{name}_out"
        self.nodes.append(helper.make_node(kind, list(inputs), [output], name=name, **attributes))
        return output

    def reduce(self, kind: str, value: str, axis: int) -> str:
        """`ReduceMax`, `ReduceMin` or `ReduceSum` over one axis, which goes. Their axes became an input by and by."""
        if kind == "ReduceSum" or self.opset >= 18:
            return self.node(kind, value, self.constant(np.array([axis], np.int64)), keepdims=0)
        return self.node(kind, value, axes=[axis], keepdims=0)

    def cast(self, value: str, source: int, target: int) -> str:
        """The value as the other element type, or itself where it has that type."""
        return value if source == target else self.node("Cast", value, to=target)
