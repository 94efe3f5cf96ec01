"""Draws values so that all come up equally often."""

import random
from collections import Counter
from collections.abc import Hashable, Sequence
from typing import TypeVar

T = TypeVar("T", bound=Hashable)


class Decks:
    """Counts how often each value of each list was used for each label, and draws the least used."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self.used: Counter[tuple[int, Hashable]] = Counter()

    def draw(self, label: int, values: Sequence[T], tries: int) -> T:
        """One of the least used values. More `tries` that came to nothing make the choice freer."""
        return min(values, key=lambda value: self.used[label, value] + self._rng.random() * (1 + tries / 4))

    def count(self, label: int, values: Sequence[Hashable]) -> None:
        """Notes the values of a sentence that is kept."""
        self.used.update((label, value) for value in values)
