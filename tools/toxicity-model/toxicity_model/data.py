"""Reads the training data and deals it into training, validation and test rows.

A text's fold depends on its hash alone, so the folds are the same in every run and a text is never in two of them.
"""

import csv
import gzip
import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

VALIDATION_PERCENT = 6
TEST_PERCENT = 6
ANNOTATED_FILES = ("train.tsv", "train-sharealike.tsv")


@dataclass(frozen=True)
class Row:
    """One text with its label (1 toxic, 0 non_toxic) and the name of the collection it comes from."""

    label: int
    source: str
    text: str


def fold(text: str) -> str:
    """`train`, `validation` (chooses the checkpoint and the calibration) or `test` (only ever measured)."""
    bucket = int(hashlib.sha1(text.encode()).hexdigest()[:8], 16) % 100
    if bucket < VALIDATION_PERCENT:
        return "validation"
    return "test" if bucket < VALIDATION_PERCENT + TEST_PERCENT else "train"


def only(name: str, rows: Iterable[Row]) -> list[Row]:
    """The rows of one fold, in their order."""
    return [row for row in rows if fold(row.text) == name]


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
