"""Runs an ONNX classifier on texts as the service does: folded, without unknown pieces, on one thread, at most 128 tokens."""

import json
from collections.abc import Sequence
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
    for pieces in _words(tokenizer, encoding):
        known = [piece for piece in pieces if piece != unknown]
        if len(known) == len(pieces) or any(piece != word_start for piece in known):
            ids += known
    return ids


def _words(tokenizer: Tokenizer, encoding: Encoding) -> list[list[int]]:
    """The ids of each word, which begins with the mark, and of each special token."""
    words: list[list[int]] = []
    for special, piece in zip(encoding.special_tokens_mask, encoding.ids, strict=True):
        if special or tokenizer.id_to_token(piece).startswith(WORD_START):
            words.append([])
        words[-1].append(piece)
    return words


def _windows(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[list[int]]]:
    """The overlapping windows of each text. What is not known takes no place in them."""
    whole = Tokenizer.from_str(tokenizer.to_str())
    whole.no_truncation()
    room = MAX_TOKENS - 2
    out = []
    for encoding in whole.encode_batch([fold_text(text) for text in texts]):
        start, *ids, end = known_ids(whole, encoding)
        begins = range(0, max(1, len(ids) - OVERLAP_TOKENS), room - OVERLAP_TOKENS)
        out.append([[start, *ids[begin : begin + room], end] for begin in begins])
    return out


def logits_of(session: InferenceSession, tokenizer: Tokenizer, texts: Sequence[str], batch: int = 16) -> np.ndarray:
    """Logits [texts, 2] of the first window of each text, batches of like lengths, in the order of the texts."""
    encoded = [windows[0] for windows in _windows(tokenizer, texts)]
    order = sorted(range(len(encoded)), key=lambda i: len(encoded[i]))
    out = np.empty((len(encoded), 2), np.float32)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        out[part] = run(session, [encoded[i] for i in part])
    return out


def worst_margins(session: InferenceSession, folder: Path, texts: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The highest margin (toxic less non_toxic logit) of the overlapping windows of each text, and their number [texts]."""
    worst, counts = [], []
    for windows in _windows(open_tokenizer(folder), texts):
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
