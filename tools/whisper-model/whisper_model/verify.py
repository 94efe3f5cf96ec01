"""Checks that the float32 graphs compute what PyTorch does, alone and in batches, and that int8 sums are exact here."""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession

from .graph import IR_VERSION, OPSET
from .machine import processor
from .model_folder import INT8_ENCODER
from .public_layout import DECODER as PUBLIC_DECODER
from .public_layout import ENCODER as PUBLIC_ENCODER
from .recogniser import Recogniser, Tensors, open_session
from .reference import open_reference

LARGEST_GAP = 1e-3
WINDOWS = 2
FRAMES = 3_000
TOKENS = [50258, 50265, 50359, 50363, 2425, 72, 11, 6446, 27671, 13]
# How the tokens are cut into runs.
RUNS = (slice(0, 4), slice(4, 5), slice(5, 8), slice(8, 10))


def verify(source: Path, folder: Path, float32: Path, public: Path, report: Path) -> None:
    """Writes the figures to `report`; raises when one is out of bounds. The folders are those of the int8 and other forms."""
    features = np.random.default_rng(7).normal(0, 0.5, (WINDOWS, 80, FRAMES)).astype(np.float32)
    model = open_reference(source / "model.bin", folder)
    with torch.no_grad():
        ids = torch.tensor([TOKENS] * WINDOWS)
        truth = model(input_features=torch.from_numpy(features), decoder_input_ids=ids).logits.numpy()
    recogniser = Recogniser(float32, "")
    alone = np.concatenate([_logits(recogniser, features[window : window + 1]) for window in range(WINDOWS)])
    gaps = {
        "alone": float(np.abs(alone - truth).max()),
        "batch": float(np.abs(_logits(recogniser, features) - truth).max()),
        "public": float(np.abs(_public_logits(public, features) - truth).max()),
    }
    wrong = _wrong_sums(folder / INT8_ENCODER)
    report.write_text(json.dumps({"processor": processor(), "logit_gap": gaps, "wrong_sums": wrong}) + "\n")
    if max(gaps.values()) > LARGEST_GAP or wrong:
        raise ValueError(f"logits differ by {gaps}, {wrong} sums are wrong")


def _logits(recogniser: Recogniser, features: np.ndarray) -> np.ndarray:
    """float32 [windows, tokens, vocabulary] of all runs."""
    states, past, parts = recogniser.encode(features), recogniser.first_past(len(features)), []
    names = [output.name.replace("present", "past_key_values") for output in recogniser.decoder.get_outputs()]
    for run in RUNS:
        ids = np.array([TOKENS[run]] * len(features), np.int64)
        logits, *present = recogniser.decoder.run(None, {"input_ids": ids, **past, **states})
        past = dict(zip(names[1:], present, strict=True))
        parts.append(logits)
    return np.concatenate(parts, axis=1)


def _public_logits(folder: Path, features: np.ndarray) -> np.ndarray:
    """The same with the layout of the hub."""
    hidden = open_session(folder / PUBLIC_ENCODER).run(None, {"input_features": features})[0]
    decoder = open_session(folder / PUBLIC_DECODER)
    names = [output.name.replace("present", "past_key_values") for output in decoder.get_outputs()]
    past: Tensors = {name: np.zeros((len(features), 8, 0, 64), np.float32) for name in names[1:]}
    parts = []
    for index, run in enumerate(RUNS):
        ids = np.array([TOKENS[run]] * len(features), np.int64)
        inputs = {"input_ids": ids, "encoder_hidden_states": hidden, "use_cache_branch": np.array([index > 0])}
        logits, *present = decoder.run(None, inputs | past)
        # The encoder's part is empty but in the first run.
        past |= {name: x for name, x in zip(names[1:], present, strict=True) if index == 0 or ".decoder." in name}
        parts.append(logits)
    return np.concatenate(parts, axis=1)


def _wrong_sums(path: Path) -> int:
    """How many sums of products of the graph's int8 weights and extreme activations come out wrong on this processor."""
    tensors = (("a", TensorProto.UINT8), ("b", TensorProto.INT8), ("sums", TensorProto.INT32))
    *inputs, output = (helper.make_tensor_value_info(name, kind, [None, None]) for name, kind in tensors)
    graph = helper.make_graph([helper.make_node("MatMulInteger", ["a", "b"], ["sums"])], "sums", inputs, [output])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    read = {node.input[1] for node in onnx.load(path).graph.node if node.op_type == "MatMulIntegerToFloat"}
    rng, wrong = np.random.default_rng(3), 0
    for constant in onnx.load(path).graph.initializer:
        if constant.name in read:
            weights = numpy_helper.to_array(constant)
            activations = rng.choice(np.array([0, 255], np.uint8), (16, len(weights)))
            activations[0] = 255
            sums = session.run(None, {"a": activations, "b": weights})[0]
            wrong += int((sums != activations.astype(np.int32) @ weights.astype(np.int32)).sum())
    return wrong
