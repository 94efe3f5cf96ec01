"""Targets for the last round: a released model and character n-gram models together teach a model that goes on from the former.

The two make different mistakes, and the mean of their log-odds ranks texts better than either. N-gram models only ever judge
texts that they were not fitted on. What they teach on: the annotated texts, where the label counts as much as the opinion;
texts that stand outside the annotated ones because their label is too weak; and crossings, the beginning of one annotated text
with the end of another, which no model has learned by heart.
"""

import json
import random
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from transformers import CamembertForSequenceClassification

from . import data, ngrams
from .data import Row
from .scoring import open_tokenizer
from .targets import SEED, harmless
from .train import Example, scores, smooth

LABEL_SHARE = 0.5
CONTRADICTION = 0.85  # opinions further than this from the label drop the row
CROSSED_TEXTS = 3_000
CERTAIN = 1e-4


def _log_odds(probabilities: np.ndarray) -> np.ndarray:
    clipped = np.clip(probabilities, CERTAIN, 1 - CERTAIN)
    return np.log(clipped / (1 - clipped))


class Teachers:
    """The model in the folder `start` and n-gram models, one for each fold of the annotated training texts."""

    def __init__(self, data_dir: Path, start: Path, rows: list[Row]) -> None:
        self.ngrams, folds = ngrams.fold_models(rows + harmless(data_dir), SEED)
        self.folds = folds[: len(rows)]
        self.model = CamembertForSequenceClassification.from_pretrained(start)
        self.tokenizer = open_tokenizer(data_dir / "camembert-tokenizer")
        known = data.only("validation", data.annotated(data_dir))
        labels, margins = [row.label for row in known], self._margins([row.text for row in known], None)
        self.scale = LogisticRegression(C=1e6).fit(margins[:, None], labels)

    def _margins(self, texts: list[str], folds: np.ndarray | None) -> np.ndarray:
        """Mean log-odds of both kinds [texts]; texts without a fold are judged by the n-gram models of all folds."""
        by_fold = _log_odds(np.stack([ngrams.score(model, texts) for model in self.ngrams]))
        spelling = by_fold.mean(axis=0) if folds is None else by_fold[folds, np.arange(len(texts))]
        return (spelling + _log_odds(scores(self.model, self.tokenizer, texts))) / 2

    def opinions(self, texts: list[str], folds: np.ndarray | None = None) -> np.ndarray:
        """The probability of `toxic` [texts], calibrated on the validation fold."""
        return self.scale.predict_proba(self._margins(texts, folds)[:, None])[:, 1]


def cross(first: str, second: str) -> str:
    """The first half of one text's words and the second half of another's."""
    beginning, end = first.split(), second.split()
    return " ".join(beginning[: (len(beginning) + 1) // 2] + end[len(end) // 2 :])


def _crossings(rows: list[Row], folds: np.ndarray) -> tuple[list[str], np.ndarray]:
    """Crossings of two texts of one fold, and their folds: an n-gram model of the others has seen neither half."""
    rng, texts = random.Random(SEED), []
    chosen = np.array([rng.randrange(ngrams.FOLDS) for _ in range(CROSSED_TEXTS)])
    members = [np.flatnonzero(folds == fold).tolist() for fold in range(ngrams.FOLDS)]
    for fold in chosen:
        first, second = rng.sample(members[fold], 2)
        texts.append(cross(rows[first].text, rows[second].text))
    return texts, chosen


def write_targets(data_dir: Path, start: Path, path: Path) -> None:
    """Writes `{ "dropped": rows, "annotated": { "text": target }, "opinions": { "text": target } }`."""
    rows = data.corrected(data.only("train", data.annotated(data_dir)))
    teachers = Teachers(data_dir, start, rows)
    opinions = teachers.opinions([row.text for row in rows], teachers.folds)
    annotated = {
        row.text: round(LABEL_SHARE * smooth(row.label) + (1 - LABEL_SHARE) * float(opinion), 4)
        for row, opinion in zip(rows, opinions, strict=True)
        if abs(row.label - opinion) <= CONTRADICTION
    }
    weak = [row.text for row in data.only("train", data.weakly_labelled(data_dir))]
    crossings, folds = _crossings(rows, teachers.folds)
    judged = np.concatenate([teachers.opinions(weak), teachers.opinions(crossings, folds)])
    unlabelled = {text: round(float(opinion), 4) for text, opinion in zip(weak + crossings, judged, strict=True)}
    targets = {"dropped": len(rows) - len(annotated), "annotated": annotated, "opinions": unlabelled}
    path.write_text(json.dumps(targets, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    print({"dropped": targets["dropped"], "annotated": len(annotated), "opinions": len(unlabelled)}, flush=True)


def read_targets(path: Path) -> list[Example]:
    """The texts of one epoch: each annotated one twice, changed in another way each time, the others once."""
    parts = json.loads(path.read_text(encoding="utf-8"))
    annotated, unlabelled = ([Example(t, text) for text, t in parts[name].items()] for name in ("annotated", "opinions"))
    return annotated + annotated + unlabelled
