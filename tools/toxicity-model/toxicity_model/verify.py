"""Checks that float32 ONNX computes what PyTorch does, that int8 sums are exact here, and that two tokenizers agree."""

import json
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import InferenceSession
from tokenizers import Tokenizer
from transformers import AutoTokenizer, CamembertForSequenceClassification

from .batches import pad
from .golden_texts import TEXTS
from .quantise import IR_VERSION, OPSET
from .scoring import open_session, open_tokenizer, run
from .write_token_ids import sample_lines

LARGEST_GAP = 1e-3
LINES = 20_000
# The Rust library reads the vocabulary's scores from text with another last bit than Python, which can turn an exact tie.
FEWEST_EQUAL = 19_990


def _gaps(checkpoint: Path, onnx_file: Path, encoded: list[list[int]]) -> dict[str, float]:
    """Largest difference of a logit to PyTorch, each text alone and all of them in one padded batch."""
    model = CamembertForSequenceClassification.from_pretrained(checkpoint, attn_implementation="eager").eval()
    session = open_session(onnx_file)
    with torch.no_grad():
        inputs = ([torch.from_numpy(part) for part in pad([tokens])] for tokens in encoded)
        truth = np.concatenate([model(input_ids=ids, attention_mask=mask).logits.numpy() for ids, mask in inputs])
    alone = np.concatenate([run(session, [tokens]) for tokens in encoded])
    return {
        "alone": float(np.abs(alone - truth).max()),
        "padded": float(np.abs(run(session, encoded) - truth).max()),
    }


def _wrong_sums(int8: Path) -> int:
    """How many sums of products of the model's weights and extreme activations come out wrong on this processor."""
    tensors = (("a", TensorProto.UINT8), ("b", TensorProto.INT8), ("sums", TensorProto.INT32))
    *inputs, output = (helper.make_tensor_value_info(name, kind, [None, None]) for name, kind in tensors)
    graph = helper.make_graph([helper.make_node("MatMulInteger", ["a", "b"], ["sums"])], "sums", inputs, [output])
    model: onnx.ModelProto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION)
    session = InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    read = {node.input[1] for node in onnx.load(int8).graph.node if node.op_type == "MatMulIntegerToFloat"}
    rng, wrong = np.random.default_rng(3), 0
    for constant in onnx.load(int8).graph.initializer:
        if constant.name in read:
            weights = numpy_helper.to_array(constant)
            activations = rng.choice(np.array([0, 255], np.uint8), (16, len(weights)))
            activations[0] = 255
            sums = session.run(None, {"a": activations, "b": weights})[0]
            wrong += int((sums != activations.astype(np.int32) @ weights.astype(np.int32)).sum())
    return wrong


def _equal_lines(folder: Path, data_dir: Path) -> int:
    """How many of `LINES` French lines get the same ids from `tokenizers` and from `transformers`."""
    ours, reference = Tokenizer.from_file(str(folder / "tokenizer.json")), AutoTokenizer.from_pretrained(folder)
    return sum(ours.encode(text).ids == reference(text)["input_ids"] for text in sample_lines(data_dir, LINES))


def _processor() -> str:
    """Whether this processor multiplies bytes by VNNI, in words (Linux)."""
    flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    return "with VNNI" if "vnni" in flags else "without VNNI"


def verify(checkpoint: Path, folder: Path, data_dir: Path, report: Path) -> None:
    """Writes the figures to `report`; raises when one is out of bounds. `folder` holds both graphs and the tokenizer."""
    encoded = [encoding.ids for encoding in open_tokenizer(folder).encode_batch(list(TEXTS))]
    gaps = _gaps(checkpoint, folder / "onnx" / "model.onnx", encoded)
    wrong, equal = _wrong_sums(folder / "onnx" / "model_quantized.onnx"), _equal_lines(folder, data_dir)
    sums = {"wrong_sums": wrong, "processor": _processor()}
    report.write_text(json.dumps({"logit_gap": gaps, **sums, "equal_lines": equal, "lines": LINES}) + "\n")
    if max(gaps.values()) > LARGEST_GAP or wrong or equal < FEWEST_EQUAL:
        raise ValueError(f"logits differ by {gaps}, {wrong} sums are wrong, token ids agree on {equal} of {LINES} lines")
