"""Counts word errors between a reference and what was heard."""

import re
from collections.abc import Mapping, Sequence

NORMALISATION = (
    "lower case; œ and æ as oe and ae; everything but letters, digits and apostrophes is a space; an apostrophe ends a word;"
    " whole numbers up to 999 in letters"
)
UP_TO_16 = "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize"
ONES = re.findall(r"\w+", UP_TO_16)
TENS = {2: "vingt", 3: "trente", 4: "quarante", 5: "cinquante", 6: "soixante"}


def words(text: str) -> list[str]:
    """The words that are compared: see `NORMALISATION`."""
    return [word for written in written_words(text) for word in _spelled(written)]


def written_words(text: str) -> list[str]:
    """The same with numbers as they are written."""
    text = text.lower().replace("œ", "oe").replace("æ", "ae").replace("’", "'")
    return re.sub(r"[^\w']|_", " ", text).replace("'", "' ").split()


def count_errors(transcript: str, heard: str) -> dict[str, object]:
    """A row with both texts, how many words were said and how many of them are wrong, missing or too many."""
    said, as_written = words(transcript), written_words(transcript)
    return {
        "transcript": transcript,
        "heard": heard,
        "words": len(said),
        "errors": word_errors(said, words(heard)),
        "words_as_written": len(as_written),
        "errors_as_written": word_errors(as_written, written_words(heard)),
    }


def error_rates(rows: Sequence[Mapping]) -> dict[str, float]:
    """Of such rows together, in percent of the words that were said."""
    keys = ("words", "errors", "words_as_written", "errors_as_written")
    total = {key: sum(row[key] for row in rows) for key in keys}
    rates = {"rate": ("errors", "words"), "rate_as_written": ("errors_as_written", "words_as_written")}
    percent = {name: 100 * total[errors] / total[said] for name, (errors, said) in rates.items()}
    return {"recordings": len(rows), "words": total["words"], **percent}


def word_errors(reference: Sequence[str], heard: Sequence[str]) -> int:
    """The fewest substitutions, deletions and insertions that turn one into the other."""
    row = list(range(len(heard) + 1))
    for i, expected in enumerate(reference, 1):
        above_left, row[0] = row[0], i
        for j, found in enumerate(heard, 1):
            above = row[j]
            row[j] = min(above + 1, row[j - 1] + 1, above_left + (expected != found))
            above_left = above
    return row[-1]


def _spelled(word: str) -> list[str]:
    return _number(int(word)) if re.fullmatch("[0-9]{1,3}", word) else [word]


def _number(value: int) -> list[str]:
    """French, without hyphens: 71 is soixante et onze, 92 quatre vingt douze."""
    if value < 17:
        return [ONES[value]]
    if value < 20:
        return ["dix", ONES[value - 10]]
    if value < 80:
        base = 60 if value >= 60 else value // 10 * 10
        joined = ["et"] if value - base in (1, 11) else []
        return [TENS[base // 10], *joined, *(_number(value - base) if value > base else [])]
    if value < 100:
        return ["quatre", "vingt", *(_number(value - 80) if value > 80 else [])]
    hundreds = [ONES[value // 100]] if value >= 200 else []
    return [*hundreds, "cent", *(_number(value % 100) if value % 100 else [])]
