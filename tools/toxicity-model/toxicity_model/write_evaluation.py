"""Writes the texts by which continuous integration checks the model card's headline figures.

Two files, because share-alike texts carry their own licence: `toxicity-evaluation.tsv` and `…-sharealike.tsv`, with the columns
`label`, `set` and `text`. All rows are of the test fold.
"""

from pathlib import Path

from . import evaluation
from .data import Row

SHARE_ALIKE = ("jigsaw-fr", "news and speech")
EVERYDAY_SENTENCES = 1_500
NEWS_SENTENCES = 750


def evaluation_rows(data_dir: Path) -> list[Row]:
    """Annotated texts, own sentences and ordinary sentences of the test fold."""
    ordinary = evaluation.ordinary(data_dir)
    sizes = {"everyday": EVERYDAY_SENTENCES, "news and speech": NEWS_SENTENCES}
    harmless = [Row(0, kind, text) for kind, texts in ordinary.items() for text in texts[: sizes[kind]]]
    return evaluation.test_rows(data_dir) + harmless


def write_evaluation(data_dir: Path, golden: Path) -> None:
    rows = evaluation_rows(data_dir)
    for name, share_alike in (("toxicity-evaluation.tsv", False), ("toxicity-evaluation-sharealike.tsv", True)):
        lines = [
            f"{'toxic' if row.label else 'non_toxic'}\t{row.source}\t{row.text}"
            for row in rows
            if (row.source in SHARE_ALIKE) == share_alike
        ]
        (golden / name).write_text("\n".join(["label\tset\ttext", *lines]) + "\n", encoding="utf-8")
