"""Makes the int8 classifier's scores mean what they say, and keeps ordinary French below the threshold of 0.5.

A temperature and a bias are fitted on the validation fold, then the bias is lowered until at most the share of
`SENTENCE_TARGETS` of the ordinary sentences of each kind scores 0.5 or more. Both are folded into the last layer of the
checkpoint. The worst of many windows is more often a chance find than the only one: the log-odds of a text of n windows are
lowered by `window_bias` × ln n. It is set such that at most `LONG_TARGET` of the long ordinary texts score 0.5 or more; the
service reads it in the manifest.
"""

import json
import random
import shutil
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file
from sklearn.linear_model import LogisticRegression

from . import data, evaluation
from .quantise import quantise
from .scoring import logits_of, open_session, open_tokenizer, worst_margins

# Everyday sentences, news and speech: below the promised 1 % and 1.5 %, so that the promise holds on other sentences too.
SENTENCE_TARGETS = (0.008, 0.01)
LONG_TARGET = 0.02  # below the promised 3 %
SENTENCES_OF_A_KIND = 2_000


def ordinary_sentences(data_dir: Path) -> list[list[str]]:
    """Everyday sentences, and news and speech, that no training saw and that the test fold lacks."""
    rng = random.Random(7)
    everyday = [row.text for row in data.only("validation", data.everyday(data_dir))]
    # News and speech are never trained on, so all but their test fold may serve here.
    news = [row.text for row in data.news_and_speech(data_dir) if data.fold(row.text) != "test"]
    return [rng.sample(texts, SENTENCES_OF_A_KIND) for texts in (everyday, news)]


def fit(labelled: np.ndarray, labels: np.ndarray, ordinary: list[np.ndarray]) -> tuple[float, float]:
    """Temperature and bias for margins (toxic logit less non_toxic logit), such that score = sigmoid(margin / T + bias).

    The ordinary sentences together weigh as much as the labelled texts.
    """
    harmless = np.concatenate(ordinary)
    margins = np.concatenate([labelled, harmless])[:, None]
    targets = np.concatenate([labels, np.zeros(len(harmless))])
    weights = np.concatenate([np.ones(len(labelled)), np.full(len(harmless), len(labelled) / len(harmless))])
    line = LogisticRegression(C=1e6).fit(margins, targets, sample_weight=weights)
    slope, bias = float(line.coef_[0, 0]), float(line.intercept_[0])
    highest = [
        float(np.quantile(part, 1 - target, method="higher")) for part, target in zip(ordinary, SENTENCE_TARGETS, strict=True)
    ]
    print({"slope": slope, "fitted_bias": bias, "bounds": [-slope * h for h in highest]}, flush=True)
    return 1 / slope, min(bias, -slope * max(highest))


def fold_into_head(checkpoint: Path, target: Path, temperature: float, bias: float) -> None:
    """Copies the checkpoint with its last layer scaled by 1 / temperature and the margin moved by `bias`."""
    weights = load_file(checkpoint / "model.safetensors")
    weights["classifier.out_proj.weight"] = weights["classifier.out_proj.weight"] / np.float32(temperature)
    moved = weights["classifier.out_proj.bias"] / temperature + np.array([-bias / 2, bias / 2])
    weights["classifier.out_proj.bias"] = moved.astype(np.float32)
    target.mkdir(parents=True, exist_ok=True)
    save_file(weights, target / "model.safetensors", metadata={"format": "pt"})
    shutil.copyfile(checkpoint / "config.json", target / "config.json")


def calibrate(checkpoint: Path, data_dir: Path, target: Path) -> None:
    """Writes the calibrated checkpoint and `calibration.json` to `target`."""
    target.mkdir(parents=True, exist_ok=True)
    uncalibrated = target / "uncalibrated.onnx"
    quantise(checkpoint, data_dir, uncalibrated)
    session, folder = open_session(uncalibrated), data_dir / "camembert-tokenizer"
    tokenizer = open_tokenizer(folder)

    def margins(texts: list[str]) -> np.ndarray:
        return np.diff(logits_of(session, tokenizer, texts))[:, 0]

    rows = data.only("validation", data.annotated(data_dir) + data.written())
    labels = np.array([row.label for row in rows])
    labelled, ordinary = margins([row.text for row in rows]), [margins(texts) for texts in ordinary_sentences(data_dir)]
    temperature, bias = fit(labelled, labels, ordinary)
    long, windows = worst_margins(session, folder, evaluation.long_texts(data_dir, "validation", seed=23))
    chance = (long / temperature + bias) / np.log(windows)
    window_bias = round(max(0.0, float(np.quantile(chance, 1 - LONG_TARGET, method="higher"))), 3)
    fold_into_head(checkpoint, target, temperature, bias)
    uncalibrated.unlink()

    def scores(values: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-(values / temperature + bias)))

    harmless = np.random.default_rng(3).choice(np.concatenate(ordinary), len(labels), replace=False)
    mix = np.concatenate([labelled, harmless])
    error = evaluation.calibration_error(np.concatenate([labels, np.zeros(len(harmless))]), scores(mix))
    summary = {"temperature": temperature, "bias": bias, "window_bias": window_bias, "calibration_error": error}
    (target / "calibration.json").write_text(json.dumps(summary) + "\n")
    print(summary, flush=True)
