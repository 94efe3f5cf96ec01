"""Writes texts with their folded form, so that the service's folding can be held against `fold_text`."""

import json
import random
from pathlib import Path

from . import data
from .fold_text import LOOKALIKES, fold_text

DISGUISED_LINES = 400
INVISIBLE = "\u00ad\u200b\u200c\u200d\u200e\u2060\ufe0e\ufeff\u180e"
EDGE_CASES = (
    "", " ", "OK", "CONNARD", "FERME TA GUEULE", "Mais FERME TA GUEULE stp", "la CGT et la CFDT SUD", "I A 3 B",
    "İSTANBUL EST GRAND",
    "STRAßE UND WEG", "Привет мир", "т\u200bе\u200bст", "👨\u200d👩\u200d👧 TOUT LE MONDE",
    "co\u200bnn\u200bard", "\ufeffBonjour",
    "с\u043ennard", "αβγ δοκιμή", "ΚΟΝΝΑΡΔ", "a\u0301 É\u0301 ÉTÉ", "12 34 !!", "A1 B2 C3 D4",
    "ŒUVRE D'ŒIL", "ǅ ǈ ǋ", "ﬁn ﬀ", "ªº ²½ Ⅳ ⅳ",
    "À  BIENTÔT\tLES\u00a0AMIS\u3000\u2028OUI", "x\u001cY Z\u0085W", "𝐂𝐎𝐍 𝐂𝐎𝐍", "𐐀𐐁 𐐂𐐃 ABCD",
)  # fmt: skip


def _disguised(text: str, rng: random.Random) -> str:
    twins = {latin: chr(code) for code, latin in LOOKALIKES.items()}
    words = []
    for word in text.split(" "):
        kind = rng.randrange(6)
        if kind == 0:
            word = word.upper()
        elif kind == 1 and word:
            at = rng.randrange(len(word))
            word = word[:at] + rng.choice(INVISIBLE) + word[at:]
        elif kind == 2:
            word = "".join(twins.get(c, c) if rng.random() < 0.5 else c for c in word)
        words.append(word)
    return " ".join(words)


def write_folded(data_dir: Path, path: Path) -> None:
    """Edge cases and disguised lines of the annotated and ordinary texts, as `[written, folded]` pairs."""
    rng = random.Random(29)
    lines = [row.text for row in rng.sample(data.everyday(data_dir), DISGUISED_LINES // 2)]
    lines += [row.text for row in rng.sample(data.written(), DISGUISED_LINES // 2)]
    texts = [*EDGE_CASES, *(_disguised(line, rng) for line in lines), *(line.upper() for line in lines[:50])]
    pairs = [[text, fold_text(text)] for text in texts]
    path.write_text(json.dumps(pairs, ensure_ascii=True, indent=0) + "\n", encoding="utf-8")
