"""Fine-tunes the transplanted CamemBERT on one CPU thread.

The learning rate falls linearly with the clock, so a run ends on time whatever the machine. Word embeddings train with
sparse gradients, so only the rows that a batch holds cost anything. The checkpoint with the best validation AUC is kept.
"""

import json
import random
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from sklearn.metrics import roc_auc_score
from tokenizers import Tokenizer
from transformers import CamembertForSequenceClassification

from . import data
from .augment import random_change
from .batches import pad
from .data import Row


@dataclass(frozen=True)
class Settings:
    minutes: float = 35.0
    batch_rows: int = 32
    max_tokens: int = 128
    encoder_rate: float = 5e-5
    head_rate: float = 5e-4
    weight_decay: float = 0.01
    label_smoothing: float = 0.05
    warm_up_steps: int = 40
    harmless_rows_per_epoch: int = 2_500
    everyday_pool: int = 20_000
    change_share: float = 0.3  # of the texts get a spelling change
    neighbour_share: float = 0.1  # of the texts get a harmless sentence beside them, which leaves the label as it is
    steps_between_validations: int = 150
    seed: int = 1


class Trainer:
    """Draws batches, takes steps and scores rows; `run` is the whole training."""

    def __init__(self, model: CamembertForSequenceClassification, data_dir: Path, settings: Settings) -> None:
        self.model, self.settings = model, settings
        self.rng = random.Random(settings.seed)
        torch.manual_seed(settings.seed)
        self.tokenizer = Tokenizer.from_file(str(data_dir / "camembert-tokenizer" / "tokenizer.json"))
        self.tokenizer.enable_truncation(settings.max_tokens)
        self.hostile = data.hostile_words(data_dir)
        self.rows = data.only("train", data.annotated(data_dir))
        self.validation = data.only("validation", data.annotated(data_dir))
        everyday = self.rng.sample(data.only("train", data.everyday(data_dir)), settings.everyday_pool)
        self.harmless = data.only("train", data.assumed_harmless(data_dir)) + everyday
        self.optimizers, self.dense_parameters = self._optimizers()

    def _optimizers(self) -> tuple[list[torch.optim.Optimizer], list[torch.nn.Parameter]]:
        words = self.model.roberta.embeddings.word_embeddings
        words.sparse, words.padding_idx = True, None
        dense = [(name, p) for name, p in self.model.named_parameters() if "word_embeddings" not in name]
        head = [p for name, p in dense if name.startswith("classifier")]
        matrices = [p for name, p in dense if not name.startswith("classifier") and p.ndim > 1]
        vectors = [p for name, p in dense if not name.startswith("classifier") and p.ndim == 1]
        decay, rate = self.settings.weight_decay, self.settings.encoder_rate
        groups = [
            {"params": head, "lr": self.settings.head_rate, "weight_decay": decay},
            {"params": matrices, "lr": rate, "weight_decay": decay},
            {"params": vectors, "lr": rate, "weight_decay": 0.0},
        ]
        optimizers = [torch.optim.AdamW(groups), torch.optim.SparseAdam([words.weight], lr=rate)]
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["top_rate"] = group["lr"]
        return optimizers, [p for _, p in dense]

    def _changed(self, row: Row) -> tuple[int, str]:
        text = row.text
        if self.rng.random() < self.settings.change_share:
            text = random_change(text, self.rng, self.hostile)
        if self.rng.random() < self.settings.neighbour_share:
            other = self.rng.choice(self.harmless).text
            text = f"{other} {text}" if self.rng.random() < 0.5 else f"{text} {other}"
        return row.label, text

    def epoch(self) -> list[list[tuple[int, str]]]:
        """Batches of like lengths in random order."""
        drawn = self.rows + self.rng.sample(self.harmless, self.settings.harmless_rows_per_epoch)
        items = [self._changed(row) for row in drawn]
        self.rng.shuffle(items)
        size = self.settings.batch_rows
        chunks = [sorted(items[i : i + 40 * size], key=lambda item: len(item[1])) for i in range(0, len(items), 40 * size)]
        batches = [chunk[i : i + size] for chunk in chunks for i in range(0, len(chunk), size)]
        self.rng.shuffle(batches)
        return batches

    def _logits(self, texts: list[str]) -> torch.Tensor:
        ids, mask = pad([self.tokenizer.encode(text).ids for text in texts])
        return self.model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits

    def step(self, batch: list[tuple[int, str]], rate: float) -> float:
        """One update at `rate` times the top learning rates; gives the loss."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["top_rate"] * rate
        labels = torch.tensor([label for label, _ in batch])
        logits = self._logits([text for _, text in batch])
        loss = torch.nn.functional.cross_entropy(logits, labels, label_smoothing=self.settings.label_smoothing)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.dense_parameters, 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item()

    def validation_auc(self) -> float:
        self.model.eval()
        order = sorted(range(len(self.validation)), key=lambda i: len(self.validation[i].text))
        scores = np.zeros(len(order))
        with torch.no_grad():
            for start in range(0, len(order), 32):
                part = order[start : start + 32]
                scores[part] = self._logits([self.validation[i].text for i in part]).softmax(-1)[:, 1].numpy()
        self.model.train()
        return float(roc_auc_score([row.label for row in self.validation], scores))

    def run(self, out: Path) -> None:
        """Trains until the time is up; writes the best checkpoint and `training.json` to `out`."""
        out.mkdir(parents=True, exist_ok=True)
        self.model.train()
        began, step, epoch, best, mean_loss = time.monotonic(), 0, 0.0, 0.0, 0.7
        history: list[dict[str, float]] = []
        batches: list[list[tuple[int, str]]] = []
        left = 1.0
        while left > 0:
            if not batches:
                batches = self.epoch()
                per_epoch = len(batches)
            rate = min(left, (step + 1) / self.settings.warm_up_steps)
            mean_loss += 0.02 * (self.step(batches.pop(), rate) - mean_loss)
            step, epoch = step + 1, epoch + 1 / per_epoch
            left = 1 - (time.monotonic() - began) / 60 / self.settings.minutes
            if step % self.settings.steps_between_validations == 0 or left <= 0:
                auc = self.validation_auc()
                minutes = (time.monotonic() - began) / 60
                history.append({"step": step, "epoch": epoch, "minutes": minutes, "loss": mean_loss, "auc": auc})
                print({name: round(value, 4) for name, value in history[-1].items()}, flush=True)
                if auc > best:
                    best = auc
                    self.model.save_pretrained(out)
        summary = {"rows": len(self.rows), "settings": asdict(self.settings), "best_auc": best, "history": history}
        (out / "training.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
