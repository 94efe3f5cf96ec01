"""Spelling changes that keep a text's label: what people write to get past a filter, and plain carelessness."""

import random
import re
import unicodedata
from collections.abc import Callable

LOOKALIKES = {"a": "4@", "e": "3€", "i": "1!", "o": "0", "s": "5$", "t": "7", "l": "1", "u": "v", "c": "k"}
ACCENTS = {"a": "àâäá", "e": "éèêë", "i": "îïí", "o": "ôöó", "u": "ùûü", "c": "ç", "n": "ñ"}
TWINS = {"a": "а", "e": "е", "i": "і", "o": "о", "p": "р", "c": "с", "x": "х", "y": "у"}  # Cyrillic
ZERO_WIDTH = "\u200b\u200c\u2060\ufeff"
MASKS = ("user", "http")  # stand-ins for handles and addresses in the data; they stay as they are

Change = Callable[[str, random.Random, frozenset[str]], str]


def _change_words(text: str, rng: random.Random, change: Callable[[str], str], hostile: frozenset[str], share: float) -> str:
    """Applies `change` to the hostile words and to a share of the other words of four letters or more."""

    def one(match: re.Match[str]) -> str:
        word = match.group(0)
        chosen = word.lower() in hostile or (len(word) >= 4 and rng.random() < share)
        return change(word) if chosen and word not in MASKS else word

    return re.sub(r"[^\W\d_]+", one, text)


def lookalikes(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot → 1d10t"""

    def change(word: str) -> str:
        return "".join(rng.choice(LOOKALIKES[c.lower()]) if c.lower() in LOOKALIKES and rng.random() < 0.5 else c for c in word)

    return _change_words(text, rng, change, hostile, 0.25)


def starred(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot → id*ot"""

    def change(word: str) -> str:
        i = rng.randrange(1, max(2, len(word) - 1))
        return word[:i] + rng.choice("*.#-_") + word[i + 1 :]

    return _change_words(text, rng, change, hostile, 0.1)


def spaced(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot → i d i o t"""
    mark = rng.choice([" ", " ", ".", "-", "_"])
    return _change_words(text, rng, mark.join, hostile, 0.1)


def mistyped(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """Swaps, drops, repeats or replaces a letter."""

    def change(word: str) -> str:
        if len(word) < 3:
            return word
        i, kind = rng.randrange(len(word) - 1), rng.randrange(4)
        if kind == 0:
            return word[:i] + word[i + 1] + word[i] + word[i + 2 :]
        if kind == 1:
            return word[:i] + word[i + 1 :]
        if kind == 2:
            return word[:i] + word[i] * rng.randint(2, 4) + word[i + 1 :]
        return word[:i] + rng.choice("aeiourstnlmp") + word[i + 1 :]

    return _change_words(text, rng, change, hostile, 0.3)


def repeated(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot → idiiiot"""

    def change(word: str) -> str:
        i = rng.randrange(len(word))
        return word[:i] + word[i] * rng.randint(2, 5) + word[i + 1 :]

    return _change_words(text, rng, change, hostile, 0.15)


def wrongly_accented(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot → ïdîot"""

    def change(word: str) -> str:
        return "".join(rng.choice(ACCENTS[c]) if c in ACCENTS and rng.random() < 0.4 else c for c in word)

    return _change_words(text, rng, change, hostile, 0.2)


def shouted_words(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot → IDIOT"""
    return _change_words(text, rng, str.upper, hostile, 0.1)


def homoglyphs(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot with a Cyrillic і and о"""

    def change(word: str) -> str:
        return "".join(TWINS[c] if c in TWINS and rng.random() < 0.5 else c for c in word)

    return _change_words(text, rng, change, hostile, 0.2)


def invisible(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """idiot with zero-width spaces between its letters"""

    def change(word: str) -> str:
        i = rng.randrange(1, max(2, len(word)))
        return word[:i] + rng.choice(ZERO_WIDTH) + word[i:]

    return _change_words(text, rng, change, hostile, 0.3)


def upper(text: str, _rng: random.Random, _hostile: frozenset[str]) -> str:
    return text.upper()


def lower(text: str, _rng: random.Random, _hostile: frozenset[str]) -> str:
    return text.lower()


def unaccented(text: str, _rng: random.Random, _hostile: frozenset[str]) -> str:
    return "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c))


def unpunctuated(text: str, _rng: random.Random, _hostile: frozenset[str]) -> str:
    return " ".join(re.sub(r"[^\w\s@]", " ", text).split())


def glued(text: str, rng: random.Random, _hostile: frozenset[str]) -> str:
    """Drops about a third of the spaces."""
    first, *rest = text.split(" ")
    return first + "".join(("" if rng.random() < 0.3 else " ") + word for word in rest)


# `fold_text.py` undoes invisible characters, look-alike letters of other scripts and runs of capitals: not trained on.
CHANGES: tuple[Change, ...] = (
    upper, lower, lower, unaccented, unaccented, lookalikes, starred, spaced, mistyped, mistyped, repeated, wrongly_accented,
    shouted_words, unpunctuated, glued,
)  # fmt: skip


def random_change(text: str, rng: random.Random, hostile: frozenset[str]) -> str:
    """One change, drawn evenly; the text itself when the change would leave nothing."""
    return rng.choice(CHANGES)(text, rng, hostile) or text
