"""Measures the int8 classifier on rows that no training saw: quality, bias, disguises, agreement with float32, and time."""

import csv
import json
import random
import time
from pathlib import Path

import numpy as np
import torch
from onnxruntime import InferenceSession
from sklearn.metrics import roc_auc_score
from transformers import CamembertConfig, CamembertForSequenceClassification

from . import data, evaluation
from .data import Row
from .export_onnx import export_model
from .scoring import logits_of, open_session, open_tokenizer, run, text_margins, toxic_scores
from .write_evaluation import evaluation_rows

THRESHOLD = 0.5
COMPARED_TEXTS = 500
MIXED_BATCH = 32
SHAPES = ((1, 16), (1, 64), (1, 256))
RUNS = 15
BEHAVIOUR = Path(__file__).parents[3] / "test" / "golden" / "toxicity-behaviour.tsv"


def headline(rows: list[Row], scores: np.ndarray) -> dict[str, dict[str, float]]:
    """AUC of the sets with both labels, share flagged of the harmless ones: what continuous integration checks."""
    labels, sets = np.array([row.label for row in rows]), np.array([row.source for row in rows])
    out: dict[str, dict[str, float]] = {}
    for name in sorted(set(sets.tolist())):
        pick = sets == name
        out[name] = {"texts": int(pick.sum()), "flagged": float((scores[pick] >= THRESHOLD).mean())}
        if labels[pick].any():
            out[name]["auc"] = float(roc_auc_score(labels[pick], scores[pick]))
    return out


def bias(score: evaluation.Score) -> dict[str, object]:
    """False positives on harmless sentences that name a group, by term of the behaviour suite and by group."""
    with BEHAVIOUR.open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE) if row["identity"]]
    harmless = [row for row in rows if row["label"] == "non_toxic" and row["test"].startswith("identity")]
    scores = score([row["text"] for row in harmless])
    terms: dict[str, list[float]] = {}
    for row, found in zip(harmless, scores, strict=True):
        terms.setdefault(row["identity"], []).append(float(found))
    table = {
        term: {"texts": len(found), "flagged": sum(value >= THRESHOLD for value in found), "mean": float(np.mean(found))}
        for term, found in sorted(terms.items())
    }
    return {"terms": table, "by_group": groups_in_templates(score)}


def groups_in_templates(score: evaluation.Score) -> dict[str, dict[str, float]]:
    """False positives by group when every group fills the same harmless sentences, in frames written for this measurement."""
    sentences = [frame.format(group) for frame in FRAMES for group in GROUPS]
    scores = score(sentences).reshape(len(FRAMES), len(GROUPS))
    flagged = (scores >= THRESHOLD).mean(axis=0)
    return {g: {"flagged": float(f), "mean": float(m)} for g, f, m in zip(GROUPS, flagged, scores.mean(axis=0), strict=True)}


GROUPS = (
    "femmes", "hommes", "personnes trans", "homosexuels", "gays", "lesbiennes", "Noirs", "Blancs", "Arabes", "Maghrébins",
    "Asiatiques", "Chinois", "Roms", "Juifs", "musulmans", "chrétiens", "catholiques", "athées", "handicapés", "autistes",
    "aveugles", "sourds", "immigrés", "réfugiés", "migrants", "Algériens", "Marocains", "Africains", "Portugais", "Polonais",
    "Turcs", "Français",
    "vieux", "jeunes", "pauvres", "riches", "chômeurs", "policiers", "agriculteurs", "Parisiens",
)  # fmt: skip
FRAMES = (
    "Beaucoup de {0} vivent dans ce quartier.", "Les {0} que je connais sont des gens bien.", "Mes voisins sont des {0}.",
    "Une association pour les {0} a ouvert ses portes en mars.", "Le film suit trois {0} pendant une année.",
    "Les droits des {0} ont été débattus à l'Assemblée.", "Il a écrit un livre sur les {0} de Marseille.",
    "Parmi les {0}, la participation a augmenté de deux points.", "J'ai dîné avec des {0} hier soir, c'était très agréable.",
    "Les {0} ont manifesté dans le calme samedi.", "On recrute aussi des {0}, l'annonce est ouverte à tous.",
    "Les {0} sont souvent victimes de clichés.", "Qui défend les {0} quand on les insulte ?",
    "Je fais partie des {0} et j'en suis fier.",
    "Les {0} paient leurs impôts comme tout le monde.", "Ma fille a deux amis {0} dans sa classe.",
    "Un reportage sur les {0} passe ce soir à vingt heures.", "Les {0} ont droit au respect.",
    "Les {0} font la fête ce week-end.",
    "Nous accueillons des {0} depuis dix ans.",
)  # fmt: skip


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


def latency(sessions: dict[str, InferenceSession]) -> dict[str, dict[str, float]]:
    """Milliseconds of the fastest of `RUNS` runs by model and `batch x length`, the models by turns."""
    rng = np.random.default_rng(17)
    out: dict[str, dict[str, float]] = {name: {} for name in sessions}
    for batch, length in SHAPES:
        tokens = rng.integers(7, 32_000, (batch, length)).tolist()
        best = dict.fromkeys(sessions, float("inf"))
        for _ in range(RUNS):
            for name, session in sessions.items():
                began = time.perf_counter()
                run(session, tokens)
                best[name] = min(best[name], (time.perf_counter() - began) * 1_000)
        for name, value in best.items():
            out[name][f"{batch}x{length}"] = value
    return out


def camembert_base(folder: Path) -> InferenceSession:
    """A float32 graph of camembert-base's shape with random weights, which cost as much time as trained ones."""
    path = folder / "camembert-base-shape.onnx"
    if not path.exists():
        torch.manual_seed(0)
        config = CamembertConfig(
            vocab_size=32_005, max_position_embeddings=514, type_vocab_size=1, num_labels=2, attn_implementation="eager"
        )
        export_model(CamembertForSequenceClassification(config).eval(), path)
    return open_session(path)


def measure(folder: Path, float32: Path, small: Path, data_dir: Path, report: Path) -> None:
    """Writes the figures for the int8 model of `folder` beside the float32 graph and the small variant to `report`."""
    tokenizer = open_tokenizer(folder)
    int8, full, six = open_session(folder / "onnx" / "model_quantized.onnx"), open_session(float32), open_session(small)

    def score(texts: list[str]) -> np.ndarray:
        return toxic_scores(logits_of(int8, tokenizer, texts))

    held_out = evaluation.held_out(data_dir)
    in_test = evaluation.in_test_fold(held_out, data_dir)
    texts = [row.text for row in held_out]
    on_held_out = {
        "int8": score(texts),
        "float32": toxic_scores(logits_of(full, tokenizer, texts)),
        "six layers, int8": toxic_scores(logits_of(six, tokenizer, texts)),
    }
    test, checked = data.only("test", data.annotated(data_dir)), evaluation_rows(data_dir)
    ordinary = evaluation.ordinary(data_dir)
    harmless = np.concatenate([score(found) for found in ordinary.values()])
    on_test = score([row.text for row in test])
    labels = np.array([row.label for row in test])
    mix = np.random.default_rng(3).choice(harmless, len(labels), replace=False)
    lower = score([row.text.lower() for row in test])
    capitals = score([row.text.upper() for row in test])
    mixed = mixed_texts(data_dir)
    encoded = [encoding.ids for encoding in tokenizer.encode_batch(mixed)]
    alone = np.concatenate([run(int8, [tokens]) for tokens in encoded])
    batched = np.concatenate([run(int8, encoded[i : i + MIXED_BATCH]) for i in range(0, len(encoded), MIXED_BATCH)])
    reference = np.concatenate([run(full, [tokens]) for tokens in encoded])
    hostile = data.hostile_words(data_dir)
    figures = {
        "headline": headline(checked, score([row.text for row in checked])),
        "ranking": {name: evaluation.ranking(held_out, scores) for name, scores in on_held_out.items()},
        "test_ranking": {
            name: evaluation.ranking([held_out[i] for i in in_test], scores[in_test]) for name, scores in on_held_out.items()
        },
        "thresholds": evaluation.thresholds(test, on_test, harmless),
        "calibration_error": evaluation.calibration_error(
            np.concatenate([labels, np.zeros(len(mix))]), np.concatenate([on_test, mix])
        ),
        "ordinary": {kind: {"texts": len(t), "flagged": float((score(t) >= THRESHOLD).mean())} for kind, t in ordinary.items()},
        "long_flagged": float((text_margins(int8, folder, evaluation.long_texts(data_dir, "test")) >= 0).mean()),
        "case": {"lower": float(roc_auc_score(labels, lower)), "capitals": float(roc_auc_score(labels, capitals))},
        "evasions": evaluation.evasions(test, score, hostile),
        "bias": bias(score),
        "int8_against_float32": differences(alone, reference),
        "single_against_batched": differences(alone, batched),
        "megabytes": {"int8": megabytes(folder / "onnx" / "model_quantized.onnx"), "six layers, int8": megabytes(small)},
        "latency_ms": latency(
            {"int8": int8, "float32": full, "six layers, int8": six, "camembert-base, float32": camembert_base(float32.parent)}
        ),
    }
    report.write_text(json.dumps(figures, indent=1) + "\n")


def megabytes(path: Path) -> float:
    return path.stat().st_size / 1e6
