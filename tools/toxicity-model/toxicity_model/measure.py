"""Measures the int8 classifier: quality on the test fold, agreement with float32, and time."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from onnxruntime import InferenceSession
from sklearn.metrics import roc_auc_score

from . import data
from .data import Row
from .scoring import logits_of, open_session, open_tokenizer, run, toxic_scores

THRESHOLD = 0.5
TEST_SENTENCES_OF_A_KIND = 3_000
COMPARED_TEXTS = 500
MIXED_BATCH = 32
SHAPES = ((1, 16), (1, 32), (1, 64), (1, 128), (4, 32), (16, 32))
RUNS = 20

Score = Callable[[list[str]], np.ndarray]


def quality(rows: list[Row], scores: np.ndarray) -> dict[str, dict[str, float]]:
    """AUC, precision, recall and false-positive rate at 0.5, for each source and for all."""
    labels, sources = np.array([row.label for row in rows]), np.array([row.source for row in rows])
    flagged = scores >= THRESHOLD
    out = {}
    for source in (*sorted(set(sources.tolist())), "all"):
        pick = (sources == source) | (source == "all")
        toxic, hit = labels[pick] == 1, flagged[pick]
        out[source] = {
            "toxic": int(toxic.sum()),
            "non_toxic": int((~toxic).sum()),
            "auc": float(roc_auc_score(toxic, scores[pick])),
            "precision": float(toxic[hit].mean()),
            "recall": float(hit[toxic].mean()),
            "false_positives": float(hit[~toxic].mean()),
        }
    return out


def ordinary(data_dir: Path, score: Score) -> dict[str, dict[str, float]]:
    """The share of ordinary sentences that are flagged, as they are and in capitals."""
    rng = random.Random(11)
    out = {}
    for kind, rows in (("everyday", data.everyday(data_dir)), ("news and speech", data.news_and_speech(data_dir))):
        texts = [row.text for row in data.only("test", rows)]
        texts = rng.sample(texts, min(len(texts), TEST_SENTENCES_OF_A_KIND))
        capitals = [text.upper() for text in texts[:1_000]]
        out[kind] = {
            "sentences": len(texts),
            "flagged": float((score(texts) >= THRESHOLD).mean()),
            "flagged_in_capitals": float((score(capitals) >= THRESHOLD).mean()),
        }
    return out


def mixed_texts(data_dir: Path) -> list[str]:
    """Annotated and ordinary texts of all lengths in random order."""
    rng = random.Random(13)
    annotated = [row.text for row in data.only("test", data.annotated(data_dir))]
    everyday = [row.text for row in data.only("test", data.everyday(data_dir))]
    half = COMPARED_TEXTS // 2
    return rng.sample(rng.sample(annotated, half) + rng.sample(everyday, half), COMPARED_TEXTS)


def differences(first: np.ndarray, second: np.ndarray) -> dict[str, float]:
    """How far two sets of logits [texts, 2] are apart, in logits and in scores."""
    scores = [toxic_scores(logits) for logits in (first, second)]
    gap = np.abs(scores[0] - scores[1])
    decisions = [values >= THRESHOLD for values in scores]
    return {
        "texts": len(gap),
        "largest_logit": float(np.abs(first - second).max()),
        "largest_score": float(gap.max()),
        "mean_score": float(gap.mean()),
        "other_decisions": int((decisions[0] != decisions[1]).sum()),
    }


def latency(session: InferenceSession) -> dict[str, float]:
    """Milliseconds of the fastest of `RUNS` runs, by `batch x length`."""
    rng = np.random.default_rng(17)
    out = {}
    for batch, length in SHAPES:
        tokens = rng.integers(7, 32_000, (batch, length)).tolist()
        times = []
        for _ in range(RUNS):
            began = time.perf_counter()
            run(session, tokens)
            times.append(time.perf_counter() - began)
        out[f"{batch}x{length}"] = min(times) * 1_000
    return out


def measure(folder: Path, float32: Path, data_dir: Path, report: Path) -> None:
    """Writes the figures for the int8 model of `folder` and the float32 graph `float32` to `report`."""
    tokenizer = open_tokenizer(folder)
    int8, full = open_session(folder / "onnx" / "model_quantized.onnx"), open_session(float32)

    def score(texts: list[str]) -> np.ndarray:
        return toxic_scores(logits_of(int8, tokenizer, texts))

    rows = data.only("test", data.annotated(data_dir))
    texts, labels = [row.text for row in rows], [row.label for row in rows]
    in_capitals = score([text.upper() for text in texts])
    mixed = mixed_texts(data_dir)
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(mixed)]
    alone = np.concatenate([run(int8, [tokens]) for tokens in encoded])
    batched = np.concatenate([run(int8, encoded[i : i + MIXED_BATCH]) for i in range(0, len(encoded), MIXED_BATCH)])
    figures = {
        "quality": quality(rows, score(texts)),
        "auc_float32": float(roc_auc_score(labels, toxic_scores(logits_of(full, tokenizer, texts)))),
        "auc_in_capitals": float(roc_auc_score(labels, in_capitals)),
        "ordinary": ordinary(data_dir, score),
        "int8_against_float32": differences(alone, logits_of(full, tokenizer, mixed)),
        "single_against_batched": differences(alone, batched),
        "latency_ms": {"int8": latency(int8), "float32": latency(full)},
    }
    report.write_text(json.dumps(figures, indent=1) + "\n")
