"""Runs an ONNX classifier on texts as the service does: folded, without unknown pieces, on one thread, at most 128 tokens."""

import json
from collections.abc import Sequence
from itertools import groupby
from operator import itemgetter
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession, SessionOptions
from tokenizers import Encoding, Tokenizer

from .batches import pad
from .fold_text import fold_text

MAX_TOKENS = 128
OVERLAP_TOKENS = 32

UNKNOWN = "<unk>"
WORD_START = "▁"


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


def known_ids(tokenizer: Tokenizer, encoding: Encoding) -> list[int]:
    """The ids without unknown pieces, and without words of nothing else: `leaveOutUnknown` of the service."""
    unknown, word_start = tokenizer.token_to_id(UNKNOWN), tokenizer.token_to_id(WORD_START)
    ids: list[int] = []
    for _, group in groupby(zip(encoding.word_ids, encoding.ids, strict=True), key=itemgetter(0)):
        pieces = [piece for _, piece in group]
        known = [piece for piece in pieces if piece != unknown]
        if len(known) == len(pieces) or any(piece != word_start for piece in known):
            ids += known
    return ids


def logits_of(session: InferenceSession, tokenizer: Tokenizer, texts: Sequence[str], batch: int = 16) -> np.ndarray:
    """Logits [texts, 2], batches of like lengths, in the order of the texts."""
    encoded = [known_ids(tokenizer, encoding) for encoding in tokenizer.encode_batch([fold_text(text) for text in texts])]
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    out = np.empty((len(encoded), 2), np.float32)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        out[part] = run(session, [encoded[i] for i in part])
    return out


def worst_margins(session: InferenceSession, folder: Path, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The highest margin (toxic less non_toxic logit) of the overlapping windows of each text, and their number [texts]."""
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MAX_TOKENS, stride=OVERLAP_TOKENS)
    worst, counts = [], []
    for text in texts:
        encoding = tokenizer.encode(fold_text(text))
        windows = [known_ids(tokenizer, encoding), *(known_ids(tokenizer, part) for part in encoding.overflowing)]
        logits = np.concatenate([run(session, windows[i : i + 16]) for i in range(0, len(windows), 16)])
        worst.append(float((logits[:, 1] - logits[:, 0]).max()))
        counts.append(len(windows))
    return np.array(worst), np.array(counts)


def text_margins(session: InferenceSession, folder: Path, texts: Sequence[str]) -> np.ndarray:
    """Log-odds of `toxic` of each text as the service gives them: its worst window's, less the manifest's bias × ln windows."""
    margins, counts = worst_margins(session, folder, texts)
    return margins - json.loads((folder / "manifest.json").read_text(encoding="utf-8"))["windowBias"] * np.log(counts)


def toxic_scores(logits: np.ndarray) -> np.ndarray:
    """The softmax score of `toxic` [texts]."""
    return 1 / (1 + np.exp(logits[:, 0] - logits[:, 1]))
