"""50,000 lines of text, the same as those of `test/unit/text/tekken/golden-lines.ts`."""

import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from .random_numbers import RandomNumbers

ROOT = Path(__file__).resolve().parents[3]
SENTENCES = ROOT / "bench/data/texts-fr.txt"
LINES = 50_000
SEED = 240_911

PARTS = json.loads((ROOT / "test/fixtures/tekken/line-parts.json").read_text(encoding="utf-8"))
# First and last code point, hexadecimal. All are assigned, or never will be, so that no version of Unicode differs.
RANGES = [[int(code_point, 16) for code_point in pair.split("-")] for pair in PARTS["ranges"].split(" ")]


def read_sentences() -> list[str]:
    return SENTENCES.read_text(encoding="utf-8").rstrip("\n").split("\n")


def lines_of(tokens: list[bytes]) -> Iterator[str]:
    """French sentences, then generated lines of parts: words of the vocabulary, characters of one script or of many, signs,
    white space, emoji, and now and then one character many times."""
    sentences = read_sentences()
    yield from sentences
    generator = LineGenerator([word for word in map(to_text, tokens) if word is not None])
    for _ in range(LINES - len(sentences)):
        yield generator.line()


def to_text(token: bytes) -> str | None:
    try:
        return token.decode()
    except UnicodeDecodeError:
        return None


class LineGenerator:
    """Draws in a fixed order, part by part: every number counts."""

    def __init__(self, words: list[str]) -> None:
        self.words = words
        self.random = RandomNumbers(SEED)

    def line(self) -> str:
        line = self.part()
        for _ in range(self.random.below(5)):
            line += self.one_of(PARTS["between"])
            line += self.part()
        return line

    def part(self) -> str:
        if self.random.below(40) == 0:
            return self.character(self.random.below(len(RANGES))) * (1 + self.random.below(300))
        kind = self.random.below(8)
        if kind < 3:
            return self.several(8, lambda: self.one_of(self.words))
        if kind == 3:
            index = self.random.below(len(RANGES))
            return self.several(12, lambda: self.character(index))
        if kind == 4:
            return self.several(12, lambda: self.character(self.random.below(len(RANGES))))
        if kind == 5:
            return self.several(10, lambda: self.one_of(PARTS["signs"]))
        if kind == 6:
            return self.several(6, lambda: self.one_of(PARTS["whiteSpace"]))
        return self.several(4, lambda: self.one_of(PARTS["emoji"]))

    def one_of(self, items: Sequence[str]) -> str:
        return items[self.random.below(len(items))]

    def several(self, most: int, draw: Callable[[], str]) -> str:
        return "".join(draw() for _ in range(1 + self.random.below(most)))

    def character(self, index: int) -> str:
        first, last = RANGES[index]
        return chr(first + self.random.below(last - first + 1))
