"""Teaches the transplanted encoder to read CamemBERT's pieces as the original encoder reads XLM-R's.

Two thirds of the transplanted word embeddings are means of sub-pieces, which is rough. The original encoder reads the same
sentences in its own pieces, and the transplanted one learns to give each word the same hidden state: a signal for every
word of every sentence, where masked-language training has one for every seventh and needs a head over the vocabulary.
Two tokenizers agree on where words begin, so a word's state is the mean over its pieces.
"""

import json
import random
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor
from transformers import BertConfig, BertModel, CamembertForSequenceClassification

from . import data
from .extract_encoder import Encoder
from .transplant import LAYER_NAMES

WORD_START = "▁"
XLMR_BOS, XLMR_PAD, XLMR_EOS, XLMR_UNKNOWN = 0, 1, 2, 3
COMPARED_LAYERS = (4, 8, 12)


@dataclass(frozen=True)
class Settings:
    minutes: float = 15.0
    batch_rows: int = 32
    most_words: int = 48
    encoder_rate: float = 3e-5
    embedding_rate: float = 5e-4
    warm_up_steps: int = 30
    annotated_share: float = 0.5  # of the rows come from the annotated texts, whose words matter most
    held_out: int = 400
    seed: int = 1


class Teacher:
    """The original encoder with its own vocabulary."""

    def __init__(self, encoder: Encoder) -> None:
        vocabulary = list(zip(encoder.pieces, map(float, encoder.scores), strict=True))
        self.tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=XLMR_UNKNOWN))
        self.tokenizer.pre_tokenizer = pre_tokenizers.Metaspace(replacement=WORD_START, prepend_scheme="always")
        config = BertConfig(
            vocab_size=len(encoder.tensors["emb.word"]),
            hidden_size=encoder.hidden,
            num_hidden_layers=encoder.layers,
            num_attention_heads=encoder.heads,
            intermediate_size=encoder.intermediate,
            max_position_embeddings=encoder.positions,
            layer_norm_eps=encoder.epsilon,
        )
        self.model = BertModel(config, add_pooling_layer=False).eval()
        taken = {
            "embeddings.word_embeddings.weight": encoder.tensors["emb.word"],
            "embeddings.position_embeddings.weight": encoder.tensors["emb.pos"],
            "embeddings.token_type_embeddings.weight": encoder.tensors["emb.type"],
            "embeddings.LayerNorm.weight": encoder.tensors["emb.ln.w"],
            "embeddings.LayerNorm.bias": encoder.tensors["emb.ln.b"],
        }
        for layer in range(encoder.layers):
            for short, long in LAYER_NAMES.items():
                taken[f"encoder.layer.{layer}.{long}.weight"] = encoder.tensors[f"l{layer}.{short}.w"]
                taken[f"encoder.layer.{layer}.{long}.bias"] = encoder.tensors[f"l{layer}.{short}.b"]
        self.model.load_state_dict({name: torch.tensor(value) for name, value in taken.items()})

    @torch.no_grad()
    def states(self, batch: list[list[str]]) -> Tensor:
        """Word states [compared layers, words of the batch, hidden]."""
        pieces = [[self.tokenizer.encode(word).ids for word in words] for words in batch]
        ids, mask, owner = _lay_out(pieces, XLMR_BOS, XLMR_EOS, XLMR_PAD)
        return _word_states(self.model(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states, owner)


def _lay_out(pieces: list[list[list[int]]], bos: int, eos: int, pad: int) -> tuple[Tensor, Tensor, Tensor]:
    """Ids, mask and the number of the word that owns each position (0 for special tokens), all [rows, longest]."""
    rows, owners, word = [], [], 0
    for words in pieces:
        ids, owner = [bos], [0]
        for parts in words:
            word += 1
            ids += parts
            owner += [word] * len(parts)
        rows.append([*ids, eos])
        owners.append([*owner, 0])
    longest = max(map(len, rows))
    ids = torch.tensor([row + [pad] * (longest - len(row)) for row in rows])
    owner = torch.tensor([row + [0] * (longest - len(row)) for row in owners])
    return ids, (ids != pad).long(), owner


def _word_states(hidden: tuple[Tensor, ...], owner: Tensor) -> Tensor:
    words, flat = int(owner.max()) + 1, owner.flatten()
    counts = torch.zeros(words).index_add_(0, flat, torch.ones(len(flat))).clamp(min=1)[1:, None]
    layers = []
    for layer in COMPARED_LAYERS:
        states = hidden[layer].flatten(0, 1)
        layers.append(torch.zeros(words, states.shape[1]).index_add(0, flat, states)[1:] / counts)
    return torch.stack(layers)


class Student:
    """The transplanted classifier, read as an encoder."""

    def __init__(self, model: CamembertForSequenceClassification, data_dir: Path) -> None:
        self.model = model
        self.tokenizer = Tokenizer.from_file(str(data_dir / "camembert-tokenizer" / "tokenizer.json"))

    def states(self, batch: list[list[str]]) -> Tensor:
        pieces = [[self.tokenizer.encode(word, add_special_tokens=False).ids for word in words] for words in batch]
        ids, mask, owner = _lay_out(pieces, 5, 6, 1)
        return _word_states(
            self.model.roberta(input_ids=ids, attention_mask=mask, output_hidden_states=True).hidden_states, owner
        )


def _sentences(data_dir: Path, settings: Settings) -> tuple[list[list[str]], list[list[str]]]:
    """Words of annotated and of ordinary training sentences."""
    annotated = [row.text for row in data.only("train", data.annotated(data_dir))]
    ordinary = [row.text for row in data.only("train", data.everyday(data_dir) + data.assumed_harmless(data_dir))]
    return tuple([text.split()[: settings.most_words] for text in texts if text.split()] for texts in (annotated, ordinary))


def _distance(student: Tensor, teacher: Tensor) -> Tensor:
    """Squared distance relative to the teacher's squared length, mean over layers and words."""
    return ((student - teacher).square().sum(-1) / teacher.square().sum(-1)).mean()


def _usable(words: list[str], student: Student, teacher: Teacher) -> bool:
    return all(student.tokenizer.encode(w, add_special_tokens=False).ids and teacher.tokenizer.encode(w).ids for w in words)


def adapt(model: CamembertForSequenceClassification, encoder: Encoder, data_dir: Path, out: Path, settings: Settings) -> None:
    """Trains for `settings.minutes`; writes the model and `adaptation.json` to `out`."""
    torch.manual_seed(settings.seed)
    rng = random.Random(settings.seed)
    teacher, student = Teacher(encoder), Student(model, data_dir)
    annotated, ordinary = _sentences(data_dir, settings)
    rng.shuffle(annotated)
    rng.shuffle(ordinary)
    held_out = [
        w for w in annotated[: settings.held_out // 2] + ordinary[: settings.held_out // 2] if _usable(w, student, teacher)
    ]
    annotated, ordinary = annotated[settings.held_out // 2 :], ordinary[settings.held_out // 2 :]
    words = model.roberta.embeddings.word_embeddings
    words.sparse, words.padding_idx = True, None
    dense = [p for name, p in model.roberta.named_parameters() if "word_embeddings" not in name]
    optimizers = [
        torch.optim.AdamW(dense, lr=settings.encoder_rate, weight_decay=0.0),
        torch.optim.SparseAdam([words.weight], lr=settings.embedding_rate),
    ]
    tops = [settings.encoder_rate, settings.embedding_rate]

    @torch.no_grad()
    def gap() -> float:
        order = sorted(held_out, key=len)
        parts = [order[i : i + 32] for i in range(0, len(order), 32)]
        return float(np.mean([_distance(student.states(part), teacher.states(part)).item() for part in parts]))

    model.eval()  # dropout would only blur the target
    before, began, step, left, queue = gap(), time.process_time(), 0, 1.0, []
    print({"gap": round(before, 4)}, flush=True)
    mean = before
    while left > 0:
        if not queue:
            drawn = [
                rng.choice(annotated if rng.random() < settings.annotated_share else ordinary)
                for _ in range(40 * settings.batch_rows)
            ]
            drawn = sorted((w for w in drawn if _usable(w, student, teacher)), key=len)
            queue = [drawn[i : i + settings.batch_rows] for i in range(0, len(drawn), settings.batch_rows)]
            rng.shuffle(queue)
        rate = min(left, (step + 1) / settings.warm_up_steps)
        for optimizer, top in zip(optimizers, tops, strict=True):
            optimizer.param_groups[0]["lr"] = top * rate
        batch = queue.pop()
        loss = _distance(student.states(batch), teacher.states(batch))
        loss.backward()
        torch.nn.utils.clip_grad_norm_(dense, 1.0)
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad()
        mean += 0.02 * (loss.item() - mean)
        step += 1
        left = 1 - (time.process_time() - began) / 60 / settings.minutes
        if step % 100 == 0:
            print({"step": step, "minutes": round((time.process_time() - began) / 60, 2), "loss": round(mean, 4)}, flush=True)
    after = gap()
    words.padding_idx = 1
    model.save_pretrained(out)
    summary = {"steps": step, "minutes": settings.minutes, "gap_before": before, "gap_after": after}
    (out / "adaptation.json").write_text(json.dumps(summary) + "\n", encoding="utf-8")
    print(summary, flush=True)
