"""What a classifier is held against: rows that no training saw, and the figures over them.

Annotated texts of the validation and test folds serve for ranking, which calibration does not change; thresholds and rates are
measured on the test fold alone. Intervals are 95 % percentile bootstraps over rows.
"""

import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
from sklearn.metrics import roc_auc_score

from . import augment, data
from .data import Row

Score = Callable[[list[str]], np.ndarray]

RESAMPLES = 1_000
ORDINARY_SENTENCES = 3_000
LONG_TEXTS = 120
LONG_CHARACTERS = (2_000, 10_000)
EVASIONS = (
    ("lower case", augment.lower), ("capitals", augment.upper), ("no accents", augment.unaccented),
    ("leetspeak", augment.lookalikes), ("starred", augment.starred), ("spaced letters", augment.spaced),
    ("repeated letters", augment.repeated), ("wrong accents", augment.wrongly_accented), ("typing mistakes", augment.mistyped),
    ("glued words", augment.glued), ("homoglyphs", augment.homoglyphs), ("zero-width characters", augment.invisible),
)  # fmt: skip


def held_out(data_dir: Path) -> list[Row]:
    """Annotated texts of the validation and test folds, and the project's own sentences of both."""
    annotated = [row for row in data.annotated(data_dir) if data.fold(row.text) != "train"]
    own = [row for row in data.written() + data.generated(0) if data.fold(row.family) != "train"]
    return annotated + [Row(row.label, "generated" if row.source == "generated" else "written", row.text) for row in own]


def test_rows(data_dir: Path) -> list[Row]:
    """Annotated texts and own sentences of the test fold."""
    own = data.only("test", data.written() + data.generated(0))
    named = [Row(row.label, "generated" if row.source == "generated" else "written", row.text) for row in own]
    return data.only("test", data.annotated(data_dir)) + named


def in_test_fold(rows: list[Row], data_dir: Path) -> list[int]:
    """Which of the held-out rows are of the test fold."""
    found = set(test_rows(data_dir))
    return [i for i, row in enumerate(rows) if row in found]


def ordinary(data_dir: Path) -> dict[str, list[str]]:
    """Harmless sentences of the test fold, by kind."""
    rng = random.Random(11)
    kinds = {"everyday": data.everyday(data_dir), "news and speech": data.news_and_speech(data_dir)}
    texts = {kind: [row.text for row in data.only("test", rows)] for kind, rows in kinds.items()}
    return {kind: rng.sample(found, min(len(found), ORDINARY_SENTENCES)) for kind, found in texts.items()}


def long_texts(data_dir: Path, fold: str, seed: int = 19) -> list[str]:
    """Texts of 2,000 to 10,000 characters made of one kind of harmless sentences each."""
    rng, out = random.Random(seed), []
    kinds = [data.only(fold, data.everyday(data_dir)), data.only(fold, data.news_and_speech(data_dir))]
    for number in range(LONG_TEXTS):
        wanted, text = rng.randint(*LONG_CHARACTERS), ""
        while len(text) < wanted:
            text += rng.choice(kinds[number % 2]).text + " "
        out.append(text[: LONG_CHARACTERS[1]])
    return out


def interval(labels: np.ndarray, scores: np.ndarray) -> tuple[float, float]:
    """95 % bootstrap interval of the AUC."""
    rng, found = np.random.default_rng(5), []
    while len(found) < RESAMPLES:
        pick = rng.integers(0, len(labels), len(labels))
        if 0 < labels[pick].sum() < len(pick):
            found.append(roc_auc_score(labels[pick], scores[pick]))
    return float(np.quantile(found, 0.025)), float(np.quantile(found, 0.975))


def ranking(rows: list[Row], scores: np.ndarray) -> dict[str, dict[str, float]]:
    """AUC with its interval by source, over all annotated texts, and of the mean over the annotated sources."""
    sources, labels = np.array([row.source for row in rows]), np.array([row.label for row in rows])
    annotated = ~np.isin(sources, ["written", "generated"])
    out = {}
    for source in sorted(set(sources.tolist())):
        pick = sources == source
        out[source] = _auc(labels[pick], scores[pick])
    out["annotated"] = _auc(labels[annotated], scores[annotated])
    return out


def _auc(labels: np.ndarray, scores: np.ndarray) -> dict[str, float]:
    low, high = interval(labels, scores)
    toxic = int(labels.sum())
    return {
        "toxic": toxic,
        "non_toxic": len(labels) - toxic,
        "auc": float(roc_auc_score(labels, scores)),
        "low": low,
        "high": high,
    }


def thresholds(rows: list[Row], scores: np.ndarray, harmless: np.ndarray) -> list[dict[str, float]]:
    """Precision, recall and false positives on annotated texts, and the share of ordinary sentences flagged, by threshold."""
    labels = np.array([row.label for row in rows]) == 1
    out = []
    for threshold in (0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9):
        flagged = scores >= threshold
        out.append(
            {
                "threshold": threshold,
                "precision": float(labels[flagged].mean()),
                "recall": float(flagged[labels].mean()),
                "false_positives": float(flagged[~labels].mean()),
                "ordinary_flagged": float((harmless >= threshold).mean()),
            }
        )
    return out


def calibration_error(labels: np.ndarray, scores: np.ndarray, bins: int = 10) -> float:
    """Expected calibration error: mean distance of score and share of toxic texts over ten equal bins, weighed by size."""
    which = np.minimum((scores * bins).astype(int), bins - 1)
    gaps = [
        abs(scores[which == b].mean() - labels[which == b].mean()) * (which == b).mean()
        for b in range(bins)
        if (which == b).any()
    ]
    return float(sum(gaps))


def evasions(rows: list[Row], score: Score, hostile: frozenset[str]) -> dict[str, dict[str, float]]:
    """AUC, and recall at 0.5, of the texts in disguise; the texts as written come first."""
    labels = np.array([row.label for row in rows])
    out = {}
    for name, change in (("as written", lambda text, _rng, _hostile: text), *EVASIONS):
        rng = random.Random(31)
        found = score([change(row.text, rng, hostile) or row.text for row in rows])
        out[name] = {"auc": float(roc_auc_score(labels, found)), "recall": float((found[labels == 1] >= 0.5).mean())}
    return out
