"""Reads the training data and deals it into training, validation and test rows.

A row's fold depends on the hash of its text alone, so the folds are the same in every run and a text is never in two of them.
Sentences written for this project are dealt by family or template: variations of one idea are all in the same fold.
"""

import csv
import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from .contrast.generate import generate

VALIDATION_PERCENT = 6
TEST_PERCENT = 6
ANNOTATED_FILES = ("train.tsv", "train-sharealike.tsv")
CORRECTIONS = Path(__file__).parents[1] / "corrections.tsv"
WRITTEN = Path(__file__).parents[1] / "texts"
SENTENCES_PER_TEMPLATE = 12


@dataclass(frozen=True)
class Row:
    """One text with its label (1 toxic, 0 non_toxic) and the name of the collection it comes from.

    Rows of one `family` are variations of one idea; `test` says what a sentence of this project's own tests.
    """

    label: int
    source: str
    text: str
    family: str = ""
    test: str = ""


def fold(key: str) -> str:
    """`train`, `validation` (chooses the checkpoint and the calibration) or `test` (only ever measured)."""
    bucket = int(hashlib.sha1(key.encode()).hexdigest()[:8], 16) % 100
    if bucket < VALIDATION_PERCENT:
        return "validation"
    return "test" if bucket < VALIDATION_PERCENT + TEST_PERCENT else "train"


def only(name: str, rows: Iterable[Row]) -> list[Row]:
    """The rows of one fold, in their order."""
    return [row for row in rows if fold(row.family or row.text) == name]


def _read(path: Path) -> list[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(int(row["label"] == "toxic"), row["source"], row["text"])
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        ]


def _lines(path: Path) -> list[str]:
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as file:
        return [line.rstrip("\n") for line in file if line.strip()]


def annotated(data: Path) -> list[Row]:
    """Texts labelled by people."""
    return [row for name in ANNOTATED_FILES for row in _read(data / "toxicity-fr" / name)]


def weakly_labelled(data: Path) -> list[Row]:
    """Texts annotated as offensive without an insult or a slur in them; many are ordinary news or opinion."""
    return _read(data / "toxicity-fr" / "train-noisy.tsv")


def corrected(rows: Iterable[Row]) -> list[Row]:
    """The rows without those whose label a reader could not defend, and with the labels that were plainly wrong turned.

    `corrections.tsv` names rows by the first ten digits of their text's SHA-1. It holds training rows alone: the labels of
    validation and test rows stay as their annotators gave them.
    """
    with CORRECTIONS.open(encoding="utf-8", newline="") as file:
        decisions = {row["id"]: row["decision"] for row in csv.DictReader(file, delimiter="\t")}
    out = []
    for row in rows:
        decision = decisions.get(hashlib.sha1(row.text.encode()).hexdigest()[:10])
        if decision != "drop":
            out.append(replace(row, label=1 - row.label) if decision == "flip" else row)
    return out


def written() -> list[Row]:
    """Sentences written for this project, by genre."""
    rows = []
    for path in sorted(WRITTEN.glob("*.tsv")):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE):
                family = f"{path.stem}/{row['family']}"
                rows.append(Row(int(row["label"] == "toxic"), path.stem, row["text"], family, row["test"]))
    return rows


def generated(seed: int) -> list[Row]:
    """Contrastive sentences from templates; another seed fills the same templates otherwise."""
    return [
        Row(sentence.label, "generated", sentence.text, f"generated/{sentence.template}", sentence.test)
        for sentence in generate(seed, SENTENCES_PER_TEMPLATE)
    ]


def assumed_harmless(data: Path) -> list[Row]:
    """Ordinary sentences without a hit in an insult list; nobody labelled them."""
    return _read(data / "toxicity-fr" / "assumed-non-toxic.tsv")


def everyday(data: Path) -> list[Row]:
    """214,256 harmless sentences: prompts to read aloud, everyday phrases, requests to an assistant."""
    return [Row(0, "everyday", text) for text in _lines(data / "text-fr" / "neutral.txt.gz")]


def news_and_speech(data: Path) -> list[Row]:
    """12,766 harmless sentences of news, blogs, transcribed speech and leaflets; share-alike, never trained on."""
    return [Row(0, "news and speech", text) for text in _lines(data / "text-fr" / "neutral-sharealike.txt.gz")]


def hostile_words(data: Path) -> frozenset[str]:
    """Single insults and obscenities, lower case."""
    lines = (data / "toxicity-fr" / "lexicon-fr.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.strip().lower() for line in lines if line.strip() and " " not in line.strip())
