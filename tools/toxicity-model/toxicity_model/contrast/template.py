"""Templates and the small language they are written in.

    [a|b]        one of the alternatives, which may hold slots
    {mot}        a word of the list `mot` in `words.py`
    {les:g}      a noun of the list `g` with its determiner (`french.py` has the determiners)
    {gros|grosse}  agrees with the nearest noun before it, or with the first one; `{gros|grosse@g2}` names the noun
    {gros|grosse@+}  in the plural, whatever the noun stands in; also {gros|grosse@g+}
    {ils}        short for {ils|elles}, and so on (`AGREEING` in `fill.py`)
    de~{mot}     an elision where the next word asks for it: d'idiot, de con
    § ...        at the start: too formal to be turned into chat language

A slot that occurs twice has one value; `{mot2}` is a second value of the list `mot`.
"""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Template:
    """The pattern of many sentences that test one thing and share one label."""

    label: int
    test: str
    id: str
    pattern: str
    formal: bool


def templates(test: str, toxic: Sequence[str] = (), harmless: Sequence[str] = ()) -> list[Template]:
    """The templates of one test. Their ids are the test, t or h, and the place in the list."""
    return [
        Template(label, test, f"{test}.{letter}{place}", pattern.removeprefix("§ "), pattern.startswith("§ "))
        for label, letter, patterns in ((1, "t", toxic), (0, "h", harmless))
        for place, pattern in enumerate(patterns, start=1)
    ]
