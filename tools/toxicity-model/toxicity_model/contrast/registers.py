"""Rewrites a correct sentence the way people write it to friends, or on a phone."""

import random
import re
import unicodedata

CASUAL = (
    (r"\b([Jj])e n'(?=[aeéiouhy])", r"\1'"),
    (r"\b([Tt])u n'(?=[ae])", r"\1'"),
    (r"\b([Cc])e n'", r"\1'"),
    (r"\b[Ii]l n'y a\b", "y a"),
    (r"\b(je|tu|il|elle|on|ils|elles|nous|vous|ça|qui) (?:ne |n')", r"\1 "),
    (r"\b[Ii]l y a\b", "y a"),
    (r"\b([Tt])u (?=(?:es|as|étais|avais|auras|aurais)\b)", r"\1'"),
    (r"\b([Cc])ela\b", r"\1a"),
    (r"« ?| ?»", '"'),
)  # fmt: skip
SHORT = {
    "je suis": "jsuis", "je te": "jte", "je me": "jme", "je vais": "jvais", "beaucoup": "bcp", "toujours": "tjrs",
    "quelqu'un": "qqn", "vous": "vs", "dans": "ds", "quand": "qd", "pourquoi": "pk", "parce que": "pcq", "tout": "tt",
    "tous": "ts", "c'est": "c", "putain": "ptn", "fils de pute": "fdp", "ta gueule": "tg", "s'il te plaît": "stp",
    "vraiment": "vrmt", "aujourd'hui": "ajd", "message": "msg", "même": "mm", "comme": "cm", "pour": "pr",
    "problème": "pb", "bonjour": "bjr", "salut": "slt", "rendez-vous": "rdv", "week-end": "we", "avec": "avc",
    "longtemps": "lgtps", "grave": "grv", "désolé": "dsl", "t'inquiète": "tkt", "qui": "ki", "jamais": "jms",
}  # fmt: skip


def casual(text: str, rng: random.Random) -> str:
    """Without `ne`, without the last full stop."""
    for pattern, replacement in CASUAL:
        text = re.sub(pattern, replacement, text, flags=re.IGNORECASE)
    text = text.replace('""', '"')
    text = text[:1].upper() + text[1:]
    return text.removesuffix(".") if rng.random() < 0.6 else text


def phone(text: str, rng: random.Random) -> str:
    """Lower case, short words, little punctuation, often no accents."""
    text = casual(text, rng).lower()
    for word, short in SHORT.items():
        if rng.random() < 0.5:
            text = re.sub(rf"(?<![\w'-]){re.escape(word)}(?![\w'-])", short, text)
    text = re.sub(r" ([!?:;])", r"\1", text).removesuffix(".")
    if rng.random() < 0.4:
        text = re.sub(r"[,;](?= )", "", text)
    if rng.random() < 0.5:
        text = "".join(c for c in unicodedata.normalize("NFD", text) if not unicodedata.combining(c) or c == "\u20e3")
    return text


def in_some_register(text: str, formal: bool, rng: random.Random) -> str:
    """As it is (60 %, or always if formal), casual (22 %) or as on a phone (18 %)."""
    draw = rng.random()
    if formal or draw < 0.6:
        return text
    return casual(text, rng) if draw < 0.82 else phone(text, rng)
