"""Makes one initializer of equal small constants.

ONNX Runtime does so itself in a model's main graph but not in a loop's body, where without it the steps that compute the
same shape from different but equal constants are not found to be the same: a third more nodes in each iteration.
"""

import onnx

# Shapes, axes, scalars; nothing that takes time to compare.
LARGEST_BYTES = 256


def share_constants(graph: onnx.GraphProto) -> None:
    """Replaces `Constant` nodes and equal small initializers, in place."""
    _make_initializers(graph)
    first: dict[tuple[int, tuple[int, ...], bytes], str] = {}
    names: dict[str, str] = {}
    for tensor in list(graph.initializer):
        if tensor.data_location == onnx.TensorProto.EXTERNAL or tensor.ByteSize() > LARGEST_BYTES:
            continue
        value = onnx.numpy_helper.to_array(tensor)
        name = first.setdefault((tensor.data_type, tuple(tensor.dims), value.tobytes()), tensor.name)
        if name != tensor.name:
            names[tensor.name] = name
            graph.initializer.remove(tensor)
    for node in graph.node:
        node.input[:] = [names.get(name, name) for name in node.input]


def _make_initializers(graph: onnx.GraphProto) -> None:
    for node in list(graph.node):
        if node.op_type == "Constant" and node.attribute[0].name == "value":
            tensor = graph.initializer.add()
            tensor.CopyFrom(node.attribute[0].t)
            tensor.name = node.output[0]
            graph.node.remove(node)
