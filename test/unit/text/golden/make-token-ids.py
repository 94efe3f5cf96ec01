"""Writes token-ids.jsonl: texts with the token ids that `transformers` gives.

    pip install transformers==5.23.0 tokenizers==0.23.3
    python make-token-ids.py ../../../../models/camembert-toxicity-fr > token-ids.jsonl

Kind `reference`: CamembertTokenizer as it is. Kind `typed-special`: the same with the control pieces taken out of the
vocabulary, because `transformers` turns a typed `</s>` into the token, also with `split_special_tokens`.
"""

import json
import random
import sys
import unicodedata

import tokenizers
import transformers
from tokenizers import Tokenizer
from transformers import AutoTokenizer

SENTENCES = """
J'aime le camembert !
Bonjour à tous, comment allez-vous aujourd'hui ?
Tu es vraiment un imbécile, ferme-la et va-t'en.
L'été dernier, nous avons mangé des crêpes à Saint-Malo.
« Où est-ce que tu vas ? » demanda-t-elle.
C'est n'importe quoi... j'y crois pas :(
Le prix est de 1 234,56 € (TVA comprise), soit 12 % de moins qu'en 2019.
MAIS POURQUOI TU CRIES COMME ÇA ???
Œuvre, cœur, sœur, naïf, maïs, Noël, ambiguë, façon, garçon, où, là, çà.
Rendez-vous le 14/07/2024 à 18h30 : https://exemple.fr/page?id=42&lang=fr#haut
@Camille merci pour le lien #bonplan #été2024
Il l'a dit, l’a redit — puis s’est tu… enfin !
Anticonstitutionnellement, l'hexakosioihexekontahexaphobie n'existe pas.
Ta gueule sale c0nn@rd de m3rde
lol mdr ptdr xD <3 </3 :-) ^^ -_-
1ère, 2e, 3ème ; n° 5 ; M. Dupont et Mme Durand ; etc.
Je    mets   beaucoup     d'espaces      partout
   espaces devant et derrière   
""".strip("\n").split("\n")

UNICODE = [
    "tabulation\tici\net retour\r\nà la ligne\n\n",
    "insécable\u00a0: «\u00a0oui\u00a0»\u202f!",
    "espace\u3000idéographique\u2003cadratin\u2009fine\u1680ogham\u205fmath",
    "zéro\u200blargeur\u200cnon\u200djoint\ufeffbom\u2060mot",
    "ligne\u2028paragraphe\u2029suite\u0085nel\u000bvt\u000cff",
    "césure\u00adconditionnelle",
    "\u200eà droite\u200f \u202eétabli\u202c",
    "nul\u0000ici \u0001\u0002contrôle\u007f\u009f",
    "ﬁn de l’eﬀort ﬃ Ⅳ ½ ² ™ ㎏ ℡ ㌖ ａｂｃ ＡＢＣ １２３ ～",
    "ª\u0301 ²\u200d3 ²\u200db \u00a0\u0301x x\u00a0\u0301y \u0301seul",
    "👍 👍🏽 👨\u200d👩\u200d👧 🇫🇷 ❤\ufe0f ☠ 🤬🤬🤬 putain 😡",
    "漢字かなカナ 한국어 각 العربية ﷺ עברית ภาษาไทย हिन्दी Ελληνικά Русский",
    "Z\u0351\u036b\u0343a\u0363\u0363l\u0308\u0307g\u030a\u0302o",
    "a\u0600\u0301b \u0600e\u0301",
    "▁déjà▁vu ▁",
    "\u200b",
    "\u0001\u0002",
    "  ",
    "𝕋𝕦 𝖊𝖘 𝓷𝓾𝓵",
    "Tu es un IDIOT" + "!" * 300 + "HA" * 150,
    "漢" * 300,
    "ﷺ" * 40,
    "e\u0301" * 200,
]

TYPED_SPECIAL = [
    "a</s>b",
    "<s>",
    "</s>",
    "<pad>",
    "<pad><pad> <pad>",
    "un <mask> au milieu",
    "<unk>",
    "<unk>NOTUSED",
    "<s>NOTUSED",
    "</s>NOTUSED fin",
    "Bonjour</s><s>Salut",
    "＜pad＞ ＜/s＞",
    "<pa\u0001d> <\u0002/s>",
    "<mask",
    "▁<pad>",
]


def fuzz(count):
    random.seed(1)
    ranges = [(0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0, 0x20), (0x7F, 0xA0), (0x2000, 0x2070), (0x600, 0x700)]
    ranges += [(0xFB00, 0xFE00), (0xFF00, 0xFFF0), (0x1F300, 0x1F700), (0x900, 0x980), (0x1100, 0x1200), (0x3000, 0x3400)]
    ranges += [(0x1E00, 0x2000), (0x2100, 0x2500), (0xE00, 0xF00), (0x1F1E6, 0x1F200)]
    pools = [[chr(c) for c in range(*bounds)] for bounds in ranges]
    pools += [list("\u200d\u200c\ufe0f\u00a0 \u0085\u2581\u00ad\ufeff"), list("ée\u0301² \u00a0\u0308ª")]
    for _ in range(count):
        chosen = random.sample(pools, random.randint(1, 4))
        yield "".join(random.choice(random.choice(chosen)) for _ in range(random.randint(1, 24)))


def without_control_pieces(tokenizer):
    """The same pipeline, without added tokens, and with a vocabulary where no text reaches a special token."""
    pipeline = json.loads(tokenizer.backend_tokenizer.to_str())
    special = [token["content"] for token in pipeline["added_tokens"] if token["special"]]
    vocabulary = pipeline["model"]["vocab"]
    pipeline["model"]["vocab"] = [[f" {p}" if any(s in p for s in special) else p, score] for p, score in vocabulary]
    pipeline["added_tokens"] = []
    pipeline["post_processor"] = None
    return Tokenizer.from_str(json.dumps(pipeline))


def main():
    tokenizer = AutoTokenizer.from_pretrained(sys.argv[1])
    made_by = f"make-token-ids.py with transformers {transformers.__version__}, tokenizers {tokenizers.__version__}"
    print(json.dumps({"madeBy": made_by}))
    sentences = SENTENCES + [unicodedata.normalize("NFD", sentence) for sentence in SENTENCES]
    for text in [*sentences, *UNICODE, *fuzz(250)]:
        print(json.dumps({"kind": "reference", "text": text, "ids": tokenizer(text)["input_ids"]}))
    control_free = without_control_pieces(tokenizer)
    for text in TYPED_SPECIAL:
        ids = control_free.encode(text, add_special_tokens=False).ids
        print(json.dumps({"kind": "typed-special", "text": text, "ids": [tokenizer.cls_token_id, *ids, tokenizer.sep_token_id]}))


main()
