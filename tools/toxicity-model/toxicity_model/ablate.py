"""Ranks every stage of the training, the baselines and their mean on the same held-out rows.

The results are a committed file, because the models of the stages are not: one that is not at hand keeps its figures.
"""

import json
from pathlib import Path

import numpy as np
from transformers import CamembertForSequenceClassification

from . import data, evaluation, ngrams, train
from .scoring import logits_of, open_session, open_tokenizer, toxic_scores

STAGES = (
    "first-0", "first-1", "first", "second-0", "second-1", "second", "last-0", "last-1", "last", "merged", "restored",
    "distilled-0", "distilled-1", "distilled", "small",
)  # fmt: skip
ROWS = ("character n-grams", "first recipe", "mean of both", *STAGES)
HARMLESS_ROWS = 2_500
# The folder of the model of version 0.1.0, built by the first recipe: taken from the repository's history when present.
FIRST_RECIPE = "first-recipe"


def _ngram_scores(data_dir: Path, texts: list[str]) -> np.ndarray:
    rows = data.only("train", data.annotated(data_dir)) + data.only("train", data.assumed_harmless(data_dir))[:HARMLESS_ROWS]
    return ngrams.score(ngrams.fit(rows), texts)


def ablate(work: Path, data_dir: Path, results: Path) -> None:
    """Adds what is at hand to `results`: AUC with its interval by source, on all held-out rows and on the test fold alone."""
    rows = evaluation.held_out(data_dir)
    texts = [row.text for row in rows]
    found: dict[str, np.ndarray] = {"character n-grams": _ngram_scores(data_dir, texts)}
    if (work / FIRST_RECIPE).exists():
        session = open_session(work / FIRST_RECIPE / "onnx" / "model_quantized.onnx")
        tokenizer = open_tokenizer(work / FIRST_RECIPE)
        found["first recipe"] = toxic_scores(logits_of(session, tokenizer, texts))
        found["mean of both"] = (found["character n-grams"] + found["first recipe"]) / 2
    tokenizer = open_tokenizer(data_dir / "camembert-tokenizer")
    for stage in STAGES:
        if (work / stage / "model.safetensors").exists():
            model = CamembertForSequenceClassification.from_pretrained(work / stage)
            found[stage] = train.scores(model, tokenizer, texts)
    parts = {"held_out": list(range(len(rows))), "test": evaluation.in_test_fold(rows, data_dir)}
    known = json.loads(results.read_text(encoding="utf-8")) if results.exists() else {}
    for part, pick in parts.items():
        of_part = known.get(part, {})
        for name, scores in found.items():
            ranked = evaluation.ranking([rows[i] for i in pick], scores[pick])
            of_part[name] = {source: _rounded(row) for source, row in ranked.items()}
            print(part, name, {source: row["auc"] for source, row in of_part[name].items()}, flush=True)
        known[part] = {name: of_part[name] for name in ROWS if name in of_part}
    results.parent.mkdir(parents=True, exist_ok=True)
    results.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def _rounded(row: dict[str, float]) -> dict[str, float]:
    return {name: round(value, 4) for name, value in row.items()}
