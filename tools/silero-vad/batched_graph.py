"""Silero VAD v6 (16 kHz) as a graph over many frames.

Only the LSTM carries state from frame to frame. So the short-time Fourier transform and the convolutions before it take N
frames as a batch, and the LSTM takes the same N as one sequence: equal numbers, in a third of the time.
"""

import numpy
import onnx
from onnx import TensorProto, helper, numpy_helper

# Samples of one frame (32 ms), and of the one before it that the model also sees.
FRAME = 512
CONTEXT = 64
HIDDEN = 128
# Window of the Fourier transform, its hop, and its bins; half a hop of reflection is put behind each frame.
FFT, HOP, BINS = 256, 128, 129
CONVOLUTION_STRIDES = (1, 2, 2, 1)


def build_graph(source: onnx.ModelProto) -> onnx.ModelProto:
    """In: `frames` [N, 576], `hidden` and `cell` [1, 1, 128]. Out: `probabilities` [N], `next_hidden`, `next_cell`."""
    weights = collect_weights(source.graph)
    values = {
        "fourier": weights["model.stft.forward_basis_buffer"],
        "input_weights": to_onnx_gates(weights["model.decoder.rnn.weight_ih"])[None],
        "state_weights": to_onnx_gates(weights["model.decoder.rnn.weight_hh"])[None],
        "lstm_bias": numpy.concatenate(
            [to_onnx_gates(weights["model.decoder.rnn.bias_ih"]), to_onnx_gates(weights["model.decoder.rnn.bias_hh"])]
        )[None],
        "head_weights": weights["model.decoder.decoder.2.weight"].reshape(1, HIDDEN).T,
        "head_bias": weights["model.decoder.decoder.2.bias"].reshape(1),
        "padding": numpy.array([0, 0, 0, CONTEXT], numpy.int64),
        "zero": numpy.array([0], numpy.int64),
        "one": numpy.array([1], numpy.int64),
        "two": numpy.array([2], numpy.int64),
        "bins": numpy.array([BINS], numpy.int64),
        "all_bins": numpy.array([2 * BINS], numpy.int64),
        "flat_hidden": numpy.array([-1, HIDDEN], numpy.int64),
        "flat": numpy.array([-1], numpy.int64),
    }
    nodes = [*spectrum_nodes()]
    for layer, stride in enumerate(CONVOLUTION_STRIDES):
        values[f"weight_{layer}"] = weights[f"model.encoder.{layer}.reparam_conv.weight"]
        values[f"bias_{layer}"] = weights[f"model.encoder.{layer}.reparam_conv.bias"]
        nodes += convolution_nodes(layer, stride)
    nodes += recurrent_nodes(f"encoded_{len(CONVOLUTION_STRIDES)}")
    return make_model(nodes, values)


def collect_weights(graph: onnx.GraphProto) -> dict[str, numpy.ndarray]:
    """Every initializer, those of the branches of `If` nodes too."""
    weights = {initializer.name: numpy_helper.to_array(initializer) for initializer in graph.initializer}
    for node in graph.node:
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                weights |= collect_weights(attribute.g)
    return weights


def to_onnx_gates(stacked: numpy.ndarray) -> numpy.ndarray:
    """PyTorch stacks an LSTM's gates as input, forget, cell, output; ONNX as input, output, forget, cell."""
    entry, forget, cell, output = numpy.split(stacked, 4)
    return numpy.concatenate([entry, output, forget, cell])


def spectrum_nodes() -> list[onnx.NodeProto]:
    return [
        helper.make_node("Pad", ["frames", "padding"], ["padded"], mode="reflect"),
        helper.make_node("Unsqueeze", ["padded", "one"], ["waveform"]),
        helper.make_node("Conv", ["waveform", "fourier"], ["complex"], kernel_shape=[FFT], strides=[HOP]),
        helper.make_node("Slice", ["complex", "zero", "bins", "one"], ["real"]),
        helper.make_node("Slice", ["complex", "bins", "all_bins", "one"], ["imaginary"]),
        helper.make_node("Mul", ["real", "real"], ["real_squared"]),
        helper.make_node("Mul", ["imaginary", "imaginary"], ["imaginary_squared"]),
        helper.make_node("Add", ["real_squared", "imaginary_squared"], ["power"]),
        helper.make_node("Sqrt", ["power"], ["encoded_0"]),
    ]


def convolution_nodes(layer: int, stride: int) -> list[onnx.NodeProto]:
    inputs = [f"encoded_{layer}", f"weight_{layer}", f"bias_{layer}"]
    return [
        helper.make_node("Conv", inputs, [f"filtered_{layer}"], kernel_shape=[3], strides=[stride], pads=[1, 1]),
        helper.make_node("Relu", [f"filtered_{layer}"], [f"encoded_{layer + 1}"]),
    ]


def recurrent_nodes(encoded: str) -> list[onnx.NodeProto]:
    lstm_inputs = ["sequence", "input_weights", "state_weights", "lstm_bias", "", "hidden", "cell"]
    return [
        helper.make_node("Squeeze", [encoded, "two"], ["features"]),
        helper.make_node("Unsqueeze", ["features", "one"], ["sequence"]),
        helper.make_node("LSTM", lstm_inputs, ["outputs", "next_hidden", "next_cell"], hidden_size=HIDDEN),
        helper.make_node("Reshape", ["outputs", "flat_hidden"], ["states"]),
        helper.make_node("Relu", ["states"], ["rectified"]),
        helper.make_node("MatMul", ["rectified", "head_weights"], ["product"]),
        helper.make_node("Add", ["product", "head_bias"], ["logits"]),
        helper.make_node("Sigmoid", ["logits"], ["scores"]),
        helper.make_node("Reshape", ["scores", "flat"], ["probabilities"]),
    ]


def make_model(nodes: list[onnx.NodeProto], values: dict[str, numpy.ndarray]) -> onnx.ModelProto:
    def value(name: str, shape: list[int | str]) -> onnx.ValueInfoProto:
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)

    state = [1, 1, HIDDEN]
    graph = helper.make_graph(
        nodes,
        "silero_vad_v6_16k_batched",
        [value("frames", ["frames", CONTEXT + FRAME]), value("hidden", state), value("cell", state)],
        [value("probabilities", ["frames"]), value("next_hidden", state), value("next_cell", state)],
        [numpy_helper.from_array(numpy.ascontiguousarray(array), name) for name, array in values.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model, full_check=True)
    return model
