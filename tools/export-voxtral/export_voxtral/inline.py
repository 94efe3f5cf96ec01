"""Puts the nodes of one graph into another one under new names."""

from collections.abc import Callable

import onnx
from onnx import AttributeProto


def inline(graph: onnx.GraphProto, prefix: str, known: dict[str, str]) -> tuple[list[onnx.NodeProto], dict[str, str]]:
    """Copies the graph's nodes. Tensors are called as `known` says (its inputs, its initializers), or by the prefix.

    Returns the nodes and the new name of every tensor of the graph.
    """
    names = dict(known)
    for node in graph.node:
        names.update({output: f"{prefix}{output}" for output in node.output if output})
    return [_renamed(node, prefix, names.__getitem__) for node in graph.node], names


def _renamed(node: onnx.NodeProto, prefix: str, name_of: Callable[[str], str]) -> onnx.NodeProto:
    copy = onnx.NodeProto()
    copy.CopyFrom(node)
    copy.name = node.name and f"{prefix}{node.name}"
    copy.input[:] = [name and name_of(name) for name in node.input]
    copy.output[:] = [name and name_of(name) for name in node.output]
    for attribute in copy.attribute:
        if attribute.type == AttributeProto.GRAPH:
            attribute.g.CopyFrom(_renamed_body(attribute.g, prefix, name_of))
    return copy


def _renamed_body(body: onnx.GraphProto, prefix: str, outer_name_of: Callable[[str], str]) -> onnx.GraphProto:
    """A branch or loop body inside a node: it reads its own tensors and those of the graphs around it."""
    made = [*(entry.name for entry in body.input), *(entry.name for entry in body.initializer)]
    made += [output for node in body.node for output in node.output if output]
    own = {name: f"{prefix}{name}" for name in made}

    def name_of(name: str) -> str:
        return own[name] if name in own else outer_name_of(name)

    copy = onnx.GraphProto()
    copy.CopyFrom(body)
    del copy.value_info[:]
    for entry in [*copy.input, *copy.output, *copy.initializer]:
        entry.name = name_of(entry.name)
    nodes = [_renamed(node, prefix, name_of) for node in body.node]
    del copy.node[:]
    copy.node.extend(nodes)
    return copy
