"""Says where zero is in 4-bit embeddings that leave it to the runtime."""

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

KIND = "GatherBlockQuantized"
# By bits: the middle of the numbers, as many as a byte holds.
MIDDLES = {4: 0x88, 8: 0x80}


def name_zero_points(graph: onnx.GraphProto) -> None:
    """Gives every `GatherBlockQuantized` of bytes without zero points those that ONNX Runtime assumes on a CPU.

    Its CUDA provider assumed 0 (microsoft/onnxruntime#31692): other embeddings, without a word.
    """
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        if node.op_type != KIND or (len(node.input) > 3 and node.input[3]):
            continue
        if tensors[node.input[0]].data_type != TensorProto.UINT8:
            continue
        bits = next((attribute.i for attribute in node.attribute if attribute.name == "bits"), 4)
        *rows, blocks = tensors[node.input[2]].dims
        values = np.full((*rows, -(-blocks * bits // 8)), MIDDLES[bits], np.uint8)
        name = f"{node.input[2]}_zero_points"
        graph.initializer.append(numpy_helper.from_array(values, name))
        del node.input[3:]
        node.input.append(name)
