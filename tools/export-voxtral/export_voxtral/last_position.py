"""Has a decoder compute its logits for the last position alone."""

import onnx
from onnx import TensorProto, helper

# Products of hidden states (the first input) and weights (the second).
PRODUCTS = {"MatMul", "MatMulNBits", "MatMulBnb4", "MatMulInteger", "FusedMatMul", "DynamicQuantizeMatMul", "Gemm"}
PRODUCTS |= {"MatMulIntegerToFloat"}
# What may follow the product, value by value.
ELEMENTWISE = {"Cast", "Identity", "Add", "Mul", "Div", "Tanh"}
# What may lie between a weight and its product.
OF_WEIGHTS = {"Transpose", "Cast", "DequantizeLinear", "Identity"}
INDEX, LAST = "last_position/index", "last_position/logits"


def keep_last_position(decoder: onnx.GraphProto) -> tuple[str, bool]:
    """Changes the graph in place so that it gives the logits [b, vocabulary] of the last position.

    Returns the name of these logits, and whether the language model's head sees the last position alone. Where the
    head was not found, the graph computes all logits and drops all but the last.
    """
    decoder.initializer.append(helper.make_tensor(INDEX, TensorProto.INT64, [], [-1]))
    head = _find_head(decoder)
    if head is None:
        decoder.node.append(helper.make_node("Gather", ["logits", INDEX], [LAST], name=LAST, axis=1))
        return LAST, False
    _cut_before(decoder, head)
    return "logits", True


def _cut_before(decoder: onnx.GraphProto, head: onnx.NodeProto) -> None:
    producers = _producers(decoder)
    hidden = head.input[0]
    before = producers.get(hidden)
    if before is not None and before.op_type == "Reshape":
        # [b, s, h] → [b × s, h] before the product; cut rows are [b, h] already.
        hidden = before.input[0]
    last = "last_position/hidden_states"
    position = list(decoder.node).index(head)
    head.input[0] = last
    decoder.node.insert(position, helper.make_node("Gather", [hidden, INDEX], [last], name=last, axis=1))
    _skip_reshapes_after(decoder, head)


def _skip_reshapes_after(decoder: onnx.GraphProto, head: onnx.NodeProto) -> None:
    reached = {head.output[0]}
    for node in decoder.node:
        if node.op_type == "Reshape" and node.input[0] in reached:
            # The rows need no [b × s] → [b, s] any more.
            kept = node.output[0]
            node.CopyFrom(helper.make_node("Identity", [node.input[0]], [kept], name=node.name))
        if any(name in reached for name in node.input):
            reached.update(node.output)


def _find_head(decoder: onnx.GraphProto) -> onnx.NodeProto | None:
    """The product that the logits come from, through nothing but steps value by value."""
    producers = _producers(decoder)
    weights = {entry.name for entry in decoder.initializer}
    waiting = ["logits"]
    while waiting:
        node = producers.get(waiting.pop(0))
        if node is None:
            continue
        if node.op_type in PRODUCTS and _is_weight(node.input[1], producers, weights):
            return node if _is_plain(node) else None
        if node.op_type in ELEMENTWISE:
            waiting.extend(node.input)
        if node.op_type == "Reshape":
            waiting.append(node.input[0])
    return None


def _is_plain(product: onnx.NodeProto) -> bool:
    """Whether the rows of the first input are positions."""
    return not any(attribute.name in ("transA", "transBatchA") and attribute.i for attribute in product.attribute)


def _is_weight(name: str, producers: dict[str, onnx.NodeProto], weights: set[str]) -> bool:
    while name not in weights:
        node = producers.get(name)
        if node is None or node.op_type not in OF_WEIGHTS | {"Constant"}:
            return False
        if node.op_type == "Constant":
            return True
        name = node.input[0]
    return True


def _producers(graph: onnx.GraphProto) -> dict[str, onnx.NodeProto]:
    return {output: node for node in graph.node for output in node.output}
