"""Runs an ONNX classifier on texts, as the service does: on one thread, at most 128 tokens of each text."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Tokenizer

from .batches import pad

MAX_TOKENS = 128


def open_session(path: Path) -> InferenceSession:
    options = SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    return InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def open_tokenizer(folder: Path) -> Tokenizer:
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS)
    return tokenizer


def run(session: InferenceSession, encoded: list[list[int]]) -> np.ndarray:
    """Logits [texts, 2] of one padded batch."""
    ids, mask = pad(encoded)
    return session.run(None, {"input_ids": ids, "attention_mask": mask})[0]


def logits_of(session: InferenceSession, tokenizer: Tokenizer, texts: Sequence[str], batch: int = 16) -> np.ndarray:
    """Logits [texts, 2], batches of like lengths, in the order of the texts."""
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(list(texts))]
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    out = np.empty((len(encoded), 2), np.float32)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        out[part] = run(session, [encoded[i] for i in part])
    return out


def toxic_scores(logits: np.ndarray) -> np.ndarray:
    """The softmax score of `toxic` [texts]."""
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
