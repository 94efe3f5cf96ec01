"""The rounds of training, their averages, and the small variant.

First round: two models, each on one half of the annotated texts and on all of the project's own, so that each can judge the
half that it has not seen. Second round: both start from the average of the first two and learn from labels and opinions
together (`targets.py`), in another order. Last round: a short one with texts that fill a window. Distilled round: two models go
on from the model so far, taught by it and by n-gram models (`distil.py`). The average of a round is its result: models that
start from the same weights end in the same valley, where the average generalises better than either.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CamembertForSequenceClassification

from . import data, distil, targets
from .scoring import open_tokenizer
from .train import Settings, Trainer, auc, examples, smooth, validation_rows

SMALL_LAYERS = 6
SECOND_RATE = 5e-5
SECOND_HEAD_RATE = 2e-4
LAST_RATE = 2.5e-5
LAST_HEAD_RATE = 1e-4
LONG_ROWS = 1_800
FIRST_RECIPE_SHARE = 0.35
DISTILLED_RATE = 4e-5
DISTILLED_HEAD_RATE = 2e-4
DISTILLED_LONG_ROWS = 700
START_SHARES = (0.0, 0.2, 0.4, 0.6, 1.0)  # of the weights that the distilled round went on from, to choose among
SMALL_RATE = 1e-4


def first(data_dir: Path, start: Path, half: int, minutes: float, out: Path) -> None:
    """Trains the model of one half, 0 or 1."""
    torch.manual_seed(half)  # the classifier's fresh head
    model = CamembertForSequenceClassification.from_pretrained(start)
    settings = Settings(minutes=minutes, seed=10 + half)
    Trainer(model, data_dir, targets.first_targets(data_dir, half), settings).run(out)


def second(data_dir: Path, start: Path, opinions: Path, seed: int, minutes: float, out: Path) -> None:
    """Goes on from the average of the first round, on all annotated texts."""
    model = CamembertForSequenceClassification.from_pretrained(start)
    settings = Settings(minutes=minutes, encoder_rate=SECOND_RATE, head_rate=SECOND_HEAD_RATE, seed=20 + seed)
    Trainer(model, data_dir, targets.second_targets(opinions), settings).run(out)


def last(data_dir: Path, start: Path, opinions: Path, seed: int, minutes: float, out: Path) -> None:
    """A short round with texts that fill a window, without which long ordinary texts score too high."""
    model = CamembertForSequenceClassification.from_pretrained(start)
    settings = Settings(
        minutes=minutes, encoder_rate=LAST_RATE, head_rate=LAST_HEAD_RATE, long_rows_per_epoch=LONG_ROWS, seed=40 + seed
    )
    Trainer(model, data_dir, targets.second_targets(opinions), settings).run(out)


def average(folders: list[Path], out: Path) -> None:
    """The mean of the weights of models that started from the same ones."""
    _mix(folders, [1 / len(folders)] * len(folders), out)


def _mix(folders: list[Path], shares: list[float], out: Path) -> None:
    """The weighted mean of the weights in `folders`."""
    parts = [load_file(folder / "model.safetensors") for folder in folders]
    mixed = {name: sum(share * part[name] for share, part in zip(shares, parts, strict=True)) for name in parts[0]}
    out.mkdir(parents=True, exist_ok=True)
    save_file(mixed, out / "model.safetensors", metadata={"format": "pt"})
    (out / "config.json").write_bytes((folders[0] / "config.json").read_bytes())


def first_recipe(data_dir: Path, start: Path, minutes: float, out: Path) -> None:
    """Annotated texts and harmless sentences alone, from the transplanted weights, labels as they are."""
    rows = data.only("train", data.annotated(data_dir))
    settings = Settings(
        minutes=minutes, batch_rows=32, generated_rows_per_epoch=0, harmless_rows_per_epoch=2_500, layer_decay=1.0
    )
    trainer = Trainer(
        CamembertForSequenceClassification.from_pretrained(start),
        data_dir,
        examples(rows, [smooth(row.label) for row in rows]),
        settings,
        written=False,
    )
    trainer.run(out)


def merge(own: Path, first_recipe: Path, out: Path) -> None:
    """The last round's average with a share of the model of the first recipe, which saw annotated texts alone, for longer.

    Both came from the same transplanted weights, and the mixture ranks annotated texts better than either: one knows attitudes
    from this project's sentences, the other the annotators' taste. The share was chosen among 0, 0.35 and 0.5 on held-out rows.
    """
    _mix([own, first_recipe], [1 - FIRST_RECIPE_SHARE, FIRST_RECIPE_SHARE], out)


def distilled(data_dir: Path, start: Path, opinions: Path, seed: int, minutes: float, out: Path) -> None:
    """Goes on from a released model, or the merged one, with the targets of `distil.py`."""
    model = CamembertForSequenceClassification.from_pretrained(start)
    settings = Settings(
        minutes=minutes,
        encoder_rate=DISTILLED_RATE,
        head_rate=DISTILLED_HEAD_RATE,
        long_rows_per_epoch=DISTILLED_LONG_ROWS,
        seed=50 + seed,
    )
    Trainer(model, data_dir, distil.read_targets(opinions), settings).run(out)


def settle(data_dir: Path, start: Path, ends: list[Path], out: Path) -> None:
    """The average of the models in `ends` with a share of the weights in `start` that they went on from.

    The share has the highest sum of both validation AUCs (Wortsman et al. 2022, WiSE-FT). Writes them all to `shares.json`.
    """
    tokenizer, validation = open_tokenizer(data_dir / "camembert-tokenizer"), validation_rows(data_dir)

    def mix(share: float) -> None:
        _mix([start, *ends], [share, *[(1 - share) / len(ends)] * len(ends)], out)

    found = {}
    for share in START_SHARES:
        mix(share)
        model = CamembertForSequenceClassification.from_pretrained(out)
        found[share] = {name: round(auc(model, tokenizer, rows), 4) for name, rows in validation.items()}
        print(share, found[share], flush=True)
    best = max(found, key=lambda share: sum(found[share].values()))
    mix(best)
    (out / "shares.json").write_text(json.dumps({"start": best, "validation": found}) + "\n", encoding="utf-8")


def small(data_dir: Path, teacher: Path, opinions: Path, minutes: float, out: Path) -> None:
    """The teacher's first six layers and its head, trained on as the distilled round is; every second layer ranked worse."""
    model = CamembertForSequenceClassification.from_pretrained(teacher)
    model.roberta.encoder.layer = model.roberta.encoder.layer[:SMALL_LAYERS]
    model.config.num_hidden_layers = SMALL_LAYERS
    settings = Settings(minutes=minutes, encoder_rate=SMALL_RATE, layer_decay=0.9, seed=30)
    Trainer(model, data_dir, distil.read_targets(opinions), settings).run(out)
