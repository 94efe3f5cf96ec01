"""Nouns with their determiners, elision and capitals."""

import re
from dataclasses import dataclass

ASPIRATED = (
    "haine", "hamster", "handicap", "hareng", "haricot", "hideu", "homard", "honte", "hooligan", "huit", "héros", "onz",
    "yaourt",
)  # fmt: skip
VOWELS = "aàâeéèêiîïoôuùûhœ"

# Masculine, feminine, before a vowel (masculine, feminine), plural.
DETERMINERS = {
    "le": ("le ", "la ", "l'", "l'", "les "),
    "un": ("un ", "une ", "un ", "une ", "des "),
    "du": ("du ", "de la ", "de l'", "de l'", "des "),
    "au": ("au ", "à la ", "à l'", "à l'", "aux "),
    "ce": ("ce ", "cette ", "cet ", "cette ", "ces "),
    "mon": ("mon ", "ma ", "mon ", "mon ", "mes "),
    "ton": ("ton ", "ta ", "ton ", "ton ", "tes "),
    "son": ("son ", "sa ", "son ", "son ", "ses "),
    "notre": ("notre ", "notre ", "notre ", "notre ", "nos "),
    "votre": ("votre ", "votre ", "votre ", "votre ", "vos "),
    "leur": ("leur ", "leur ", "leur ", "leur ", "leurs "),
    "de": ("de ", "de ", "d'", "d'", "de "),
    "s": ("", "", "", "", ""),
    "a": ("", "", "", "", ""),  # an attribute: je suis algérien
}
PLURALS = {
    "les": "le", "des": "un", "aux": "au", "ces": "ce", "mes": "mon", "tes": "ton", "ses": "son",
    "nos": "notre", "vos": "votre", "leurs": "leur", "de+": "de", "p": "s",
}  # fmt: skip


@dataclass(frozen=True)
class Noun:
    """A noun; a form it does not have is empty."""

    singular: str
    plural: str
    feminine: bool


def noun(entry: str) -> Noun:
    """`m:cheval:chevaux`, `f:femme` (regular plural), `fs:vermine` (no plural), `mp:embouteillages` (plural only)."""
    kind, singular, *irregular = entry.split(":")
    feminine = kind[0] == "f"
    if kind[1:] == "p":
        return Noun("", singular, feminine)
    if kind[1:] == "s":
        return Noun(singular, "", feminine)
    return Noun(singular, irregular[0] if irregular else singular + "s" * (singular[-1] not in "sxz"), feminine)


def elides(word: str) -> bool:
    """Whether `le` becomes `l'` before the word."""
    return word[:1].lower() in VOWELS and not word.lower().startswith(ASPIRATED)


def with_determiner(determiner: str, name: Noun) -> tuple[str, bool]:
    """The noun with its determiner, and whether it is plural."""
    plural = determiner in PLURALS and bool(name.plural) or not name.singular
    masculine, feminine, vowel, vowel_feminine, many = DETERMINERS[PLURALS.get(determiner, determiner)]
    form = name.plural if plural else name.singular
    if determiner == "a" and not form.isupper():
        form = form.lower()
    if plural:
        return ("d'" if many == "de " and elides(form) else many) + form, True
    if elides(form):
        return (vowel_feminine if name.feminine else vowel) + form, False
    return (feminine if name.feminine else masculine) + form, False


def elide(text: str) -> str:
    """de~idiot → d'idiot, de~con → de con"""
    return re.sub(r"(\w+)[aei]~(\w+)|(\w)[aei]~(\w+)|~", _elided, text)


def _elided(match: re.Match[str]) -> str:
    stem, word = match.group(1) or match.group(3), match.group(2) or match.group(4)
    if word is None:
        return " "
    return f"{stem}'{word}" if elides(word) else match.group(0).replace("~", " ")


def tidy(text: str) -> str:
    """Without what alternatives leave: double spaces, full stops after ! and ?, `sale sale type`."""
    text = re.sub(r"\b(sale|pauvre|gros|vieux) \1\b", r"\1", text, flags=re.IGNORECASE)
    return re.sub(r"([!?…])\.", r"\1", re.sub(r" +(?= |[.,](?!\.))", "", text)).strip()


def capitalised(text: str) -> str:
    """A capital at the start of each sentence."""
    return re.sub(r"(^|[.!?…] )((?:[«\"] ?)?)(\w)", lambda m: m.group(1) + m.group(2) + m.group(3).upper(), text)
