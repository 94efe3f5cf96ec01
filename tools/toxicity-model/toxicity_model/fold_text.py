"""Undoes writing that hides words from the tokenizer, as `src/text/fold-text.ts` of the service does.

Runs of capitals become lower case, invisible characters go, and Cyrillic and Greek letters that look like Latin ones become
Latin within words that hold Latin letters. Anything else stays as it is.
"""

import re

# Unicode's White_Space separates words; Python's own \s has more in it.
WORD = re.compile("[^\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+")
# Soft hyphen, zero-width space and (non-)joiner, direction marks, word joiner, zero-width no-break space, variation selector
# 15 (text form) and the Mongolian vowel separator. Variation selector 16 and the joiner belong to emoji and stay beside them.
INVISIBLE = re.compile(r"[\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufe0e\ufeff]")
LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
LOOKALIKES = str.maketrans(
    "аеорсухіјѕԁһкмтвнАЕОРСУХІЈЅКМТВНαοερνικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧ",
    "aeopcyxijsdhkmtbhAEOPCYXIJSKMTBHaoepviktuxABEZHIKMNOPTYX",
)
FEWEST_CAPITALS = 4


def fold_word(word: str) -> str:
    """Drops invisible characters; maps look-alike letters when the word holds Latin letters too."""
    if word.isascii():
        return word
    if any(c.isalpha() for c in word):
        word = INVISIBLE.sub("", word)
    return word.translate(LOOKALIKES) if LATIN.search(word) else word


def _capitals(word: str) -> int:
    """Letters of a word in capitals, 0 for a word without letters, -1 for a word with a lower-case letter."""
    letters = [c for c in word if c.lower() != c.upper()]
    return -1 if any(c != c.upper() for c in letters) else len(letters)


def _lower(word: str) -> str:
    """Letter by letter, so that offsets stay: a letter whose lower case is longer (İ) is left as it is."""
    return "".join(c.lower() if len(c.lower()) == 1 else c for c in word)


def fold_text(text: str) -> str:
    """The text with folded words; runs of two words or more in capitals, or a whole text of them, in lower case."""
    found = [(match.start(), match.end()) for match in WORD.finditer(text)]
    words = [fold_word(text[start:end]) for start, end in found]
    capitals = [_capitals(word) for word in words]
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and capitals[end] >= 0:
            end += 1
        run = [count for count in capitals[start:end] if count > 0]
        whole = start == 0 and end == len(words)
        if sum(run) >= FEWEST_CAPITALS and (len(run) > 1 or whole):
            words[start:end] = [_lower(word) for word in words[start:end]]
        start = end + 1
    out, at = [], 0
    for (begin, finish), word in zip(found, words, strict=True):
        out += [text[at:begin], word]
        at = finish
    return "".join(out) + text[at:]
