"""Moves multilingual-e5-small into a CamemBERT classifier with the real CamemBERT tokenizer.

Encoder layers are copied as they are: both are post-layer-norm BERT layers with exact GELU. Each of the 32,005 CamemBERT
pieces takes the embedding of the same XLM-R piece, or else the mean of its XLM-R sub-pieces, found by unigram Viterbi over
the piece itself and rescaled to the usual length of its parts (a mean is shorter). BERT position p goes to row p + 2,
as RoBERTa counts from padding_idx + 1. Token type row 0 is kept as the only one.
"""

from collections import Counter

import numpy as np
import torch
from tokenizers import Tokenizer
from transformers import CamembertConfig, CamembertForSequenceClassification

from .extract_encoder import Encoder

VOCABULARY = 32_005
PAD, BOS, EOS = 1, 5, 6
POSITION_OFFSET = 2
# CamemBERT id to XLM-R id: <s>, </s>, <pad>, <unk>, <mask> and the three unused pieces.
SPECIAL = {5: 0, 6: 2, 1: 1, 3: 3, 32004: 250001, 0: 0, 2: 1, 4: 3}
FIRST_ORDINARY_XLMR_PIECE = 4
LAYER_NAMES = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "aln": "attention.output.LayerNorm",
    "fi": "intermediate.dense",
    "fo": "output.dense",
    "oln": "output.LayerNorm",
}


def split_piece(piece: str, index: dict[str, int], scores: np.ndarray, longest: int) -> list[int]:
    """The most probable XLM-R pieces that spell `piece`; characters that XLM-R lacks are left out."""
    best = [0.0] + [-1e9] * len(piece)
    back: list[tuple[int, int | None]] = [(0, None)] * (len(piece) + 1)
    for start in range(len(piece)):
        for end in range(start + 1, min(len(piece), start + longest) + 1):
            found = index.get(piece[start:end])
            score = best[start] + (float(scores[found]) if found is not None else -100.0)
            if (found is not None or end == start + 1) and score > best[end]:
                best[end], back[end] = score, (start, found)
    found_ids, at = [], len(piece)
    while at:
        at, found = back[at]
        if found is not None:
            found_ids.append(found)
    return found_ids[::-1]


def word_embeddings(encoder: Encoder, tokenizer: Tokenizer) -> tuple[np.ndarray, Counter[str]]:
    """Embeddings [32005, hidden] for the CamemBERT vocabulary, and how many pieces came about which way."""
    words = encoder.tensors["emb.word"]
    index = {piece: i for i, piece in enumerate(encoder.pieces) if i >= FIRST_ORDINARY_XLMR_PIECE}
    longest = max(map(len, index))
    out = np.zeros((VOCABULARY, encoder.hidden), np.float32)
    ways: Counter[str] = Counter()
    for i in range(VOCABULARY):
        piece = tokenizer.id_to_token(i)
        if i in SPECIAL or piece is None:
            out[i], way = words[SPECIAL[i]], "special"
        elif piece in index:
            out[i], way = words[index[piece]], "same"
        elif parts := split_piece(piece, index, encoder.scores, longest):
            mean = words[parts].mean(axis=0)
            out[i] = mean * np.linalg.norm(words[parts], axis=1).mean() / np.linalg.norm(mean)
            way = "merged"
        else:
            out[i], way = words[SPECIAL[3]], "unknown"
        ways[way] += 1
    return out, ways


def build(encoder: Encoder, tokenizer: Tokenizer) -> tuple[CamembertForSequenceClassification, Counter[str]]:
    """A classifier with the encoder's weights and a fresh head."""
    config = CamembertConfig(
        vocab_size=VOCABULARY,
        hidden_size=encoder.hidden,
        num_hidden_layers=encoder.layers,
        num_attention_heads=encoder.heads,
        intermediate_size=encoder.intermediate,
        max_position_embeddings=encoder.positions + POSITION_OFFSET,
        type_vocab_size=1,
        layer_norm_eps=1e-5,
        pad_token_id=PAD,
        bos_token_id=BOS,
        eos_token_id=EOS,
        id2label={0: "non_toxic", 1: "toxic"},
        label2id={"non_toxic": 0, "toxic": 1},
    )
    model = CamembertForSequenceClassification(config)
    words, ways = word_embeddings(encoder, tokenizer)
    positions = np.zeros((encoder.positions + POSITION_OFFSET, encoder.hidden), np.float32)
    positions[POSITION_OFFSET:] = encoder.tensors["emb.pos"]
    taken = {
        "embeddings.word_embeddings.weight": words,
        "embeddings.position_embeddings.weight": positions,
        "embeddings.token_type_embeddings.weight": encoder.tensors["emb.type"][:1],
        "embeddings.LayerNorm.weight": encoder.tensors["emb.ln.w"],
        "embeddings.LayerNorm.bias": encoder.tensors["emb.ln.b"],
    }
    for layer in range(encoder.layers):
        for short, long in LAYER_NAMES.items():
            taken[f"encoder.layer.{layer}.{long}.weight"] = encoder.tensors[f"l{layer}.{short}.w"]
            taken[f"encoder.layer.{layer}.{long}.bias"] = encoder.tensors[f"l{layer}.{short}.b"]
    result = model.roberta.load_state_dict({name: torch.tensor(value) for name, value in taken.items()}, strict=False)
    if result.unexpected_keys or any("position_ids" not in key and "token_type_ids" not in key for key in result.missing_keys):
        raise ValueError(f"the encoder does not fit: {result}")
    return model, ways
