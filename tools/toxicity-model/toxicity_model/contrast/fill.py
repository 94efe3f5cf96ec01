"""Fills a template with words."""

import random
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .french import Noun, capitalised, elide, tidy, with_determiner
from .words import NOUNS, WORDS

AGREEING = {
    "ils": ("ils", "elles"),
    "eux": ("eux", "elles"),
    "tous": ("tous", "toutes"),
    "ceux": ("ceux", "celles"),
    "il": ("il", "elle"),
    "lui": ("lui", "elle"),
    "un": ("un", "une"),
    "nombreux": ("nombreux", "nombreuses"),
}
SLOT = re.compile(r"\{([^{}]+)\}")
CHOICE = re.compile(r"\[([^\[\]]*)\]")


@dataclass(frozen=True)
class Slot:
    """What stands between braces; `name` with its number, `list` without."""

    determiner: str
    name: str
    list: str


@dataclass(frozen=True)
class _Placed:
    """A noun in the sentence."""

    name: str
    feminine: bool
    plural: bool


def chosen(pattern: str, rng: random.Random) -> str:
    """The pattern with one alternative of each choice."""
    while CHOICE.search(pattern):
        pattern = CHOICE.sub(lambda match: rng.choice(_alternatives(match.group(1))), pattern)
    return pattern


def _alternatives(inside: str) -> list[str]:
    """Splits at the bars that are not between braces."""
    return re.split(r"\|(?![^{}]*\})", inside)


def slots(pattern: str) -> list[Slot]:
    """The different slots that take a value, in their order."""
    found: dict[str, Slot] = {}
    for inside in SLOT.findall(pattern):
        if "|" not in inside and inside.partition("@")[0] not in AGREEING:
            determiner, _, name = inside.partition("@")[0].rpartition(":")
            found.setdefault(name, Slot(determiner, name, name.rstrip("0123456789")))
    return list(found.values())


def values_for(slot: Slot) -> Sequence[Noun | str]:
    """All values that the slot can take."""
    return NOUNS[slot.list] if slot.determiner else WORDS[slot.list]


def filled(pattern: str, values: Mapping[str, Noun | str]) -> str:
    """The sentence, given a value for each slot."""
    placed = [
        _Placed(name, noun.feminine, with_determiner(determiner, noun)[1])
        for determiner, name in re.findall(r"\{([^{}:|]+):([^{}:|@]+)\}", pattern)
        if isinstance(noun := values[name], Noun)
    ]
    position = -1

    def one(match: re.Match[str]) -> str:
        nonlocal position
        inside, _, target = match.group(1).partition("@")
        if ":" in inside and "|" not in inside:
            position += 1
            determiner, _, name = inside.rpartition(":")
            noun = values[name]
            assert isinstance(noun, Noun)
            return with_determiner(determiner, noun)[0]
        if "|" in inside:
            forms = tuple(inside.split("|"))
        elif inside in AGREEING:
            forms = AGREEING[inside]
        else:
            forms = tuple(str(values[inside]).split("/"))
        if len(forms) == 1:
            return forms[0]
        named = [noun for noun in placed if noun.name == target.removesuffix("+")]
        agreed = named[0] if named else placed[max(position, 0)]
        plural = agreed.plural or target.endswith("+")
        return forms[agreed.feminine + 2 * (plural and len(forms) == 4)]

    return capitalised(tidy(elide(SLOT.sub(one, pattern))))
