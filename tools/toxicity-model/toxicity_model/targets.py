"""Targets for the annotated texts: their labels, doubted where two models that never saw them disagree.

Crowd labels are noisy, so in the first round each of two models learns one half of the annotated texts and judges the other
half; character n-gram models judge each fold from the other folds. The mean of the two judges is an honest second opinion.
The second round learns from the label and the second opinion together (soft bootstrapping and distillation in one), and leaves
out rows whose label the judges contradict strongly.
"""

import json
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer
from transformers import CamembertForSequenceClassification

from . import data, ngrams
from .data import Row
from .train import Example, examples, scores, smooth

SEED = 1
NGRAM_SHARE = 0.4  # of the second opinion; the rest is the other half's transformer
FIRST_LABEL_SHARE = 0.8
SECOND_LABEL_SHARE = 0.6
CONTRADICTION = 0.88  # second opinions further than this from the label drop the row


def halves(rows: list[Row]) -> np.ndarray:
    """The half, 0 or 1, that each row belongs to."""
    return np.random.default_rng(SEED).integers(0, 2, len(rows))


def ngram_opinions(rows: list[Row], harmless: list[Row]) -> np.ndarray:
    """Scores of n-gram models that were fitted without the row's fold [rows]."""
    models, folds = ngrams.fold_models(rows + harmless, SEED)
    out = np.zeros(len(rows))
    for fold, model in enumerate(models):
        own = np.flatnonzero(folds[: len(rows)] == fold)
        out[own] = ngrams.score(model, [rows[i].text for i in own])
    return out


def _blend(rows: list[Row], opinions: np.ndarray, label_share: float) -> list[float]:
    return [label_share * smooth(row.label) + (1 - label_share) * float(o) for row, o in zip(rows, opinions, strict=True)]


def first_targets(data_dir: Path, half: int) -> list[Example]:
    """One half of the annotated training texts with label and n-gram opinion blended."""
    rows = data.corrected(data.only("train", data.annotated(data_dir)))
    opinions = ngram_opinions(rows, harmless(data_dir))
    pick = np.flatnonzero(halves(rows) == half)
    chosen = [rows[i] for i in pick]
    return examples(chosen, _blend(chosen, opinions[pick], FIRST_LABEL_SHARE))


def write_targets(data_dir: Path, models: tuple[Path, Path], path: Path) -> None:
    """Writes `{ "text": target }` for all annotated training texts that stay, judged by the model of the other half."""
    rows = data.corrected(data.only("train", data.annotated(data_dir)))
    tokenizer = Tokenizer.from_file(str(data_dir / "camembert-tokenizer" / "tokenizer.json"))
    tokenizer.enable_truncation(128)
    split, opinions = halves(rows), ngram_opinions(rows, harmless(data_dir)) * NGRAM_SHARE
    for half, folder in enumerate(models):
        judge = CamembertForSequenceClassification.from_pretrained(folder)
        other = np.flatnonzero(split != half)
        opinions[other] += (1 - NGRAM_SHARE) * scores(judge, tokenizer, [rows[i].text for i in other])
    targets = _blend(rows, opinions, SECOND_LABEL_SHARE)
    distance = np.abs(np.array([row.label for row in rows]) - opinions)
    kept = {row.text: round(t, 4) for row, t, d in zip(rows, targets, distance, strict=True) if d <= CONTRADICTION}
    path.write_text(json.dumps(kept, ensure_ascii=False, indent=0) + "\n", encoding="utf-8")
    summary = {"rows": len(rows), "dropped": len(rows) - len(kept)}
    path.with_name("targets-summary.json").write_text(json.dumps(summary) + "\n", encoding="utf-8")
    print(summary, flush=True)


def second_targets(path: Path) -> list[Example]:
    """All annotated texts with the targets of `write_targets`."""
    return [Example(target, text) for text, target in json.loads(path.read_text(encoding="utf-8")).items()]


def harmless(data_dir: Path) -> list[Row]:
    """Ordinary sentences for the n-gram models to see beside the annotated texts."""
    return data.only("train", data.assumed_harmless(data_dir))[:2_500]
