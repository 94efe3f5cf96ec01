"""Writes French lines with their token ids, for another implementation of the tokenizer to be compared with."""

import gzip
import json
import random
from pathlib import Path

from transformers import AutoTokenizer

from . import data


def sample_lines(data_dir: Path, count: int) -> list[str]:
    """Annotated texts and everyday sentences, half and half where there are enough of the former."""
    rng = random.Random(20_000)
    annotated = [row.text for row in data.annotated(data_dir)]
    everyday = [row.text for row in data.everyday(data_dir)]
    first = rng.sample(annotated, min(count // 2, len(annotated)))
    return first + rng.sample(everyday, count - len(first))


def write_token_ids(folder: Path, data_dir: Path, target: Path, count: int) -> None:
    """JSON lines `{"text", "ids"}`, gzip; the ids are those of `transformers`, special tokens included."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    with gzip.open(target, "wt", encoding="utf-8") as file:
        for text in sample_lines(data_dir, count):
            line = {"text": text, "ids": tokenizer(text)["input_ids"]}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
