"""A generated sentence."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sentence:
    """A text with its label (1 toxic, 0 harmless), what it tests and the id of the template it was made from."""

    label: int
    test: str
    template: str
    text: str
