"""Fine-tunes the adapted CamemBERT on one CPU thread.

Every text has a target: the probability of `toxic` that the model should give. The learning rate falls linearly with the CPU
time used, so a run takes about as many steps whatever else the machine does. Rates are lower in the lower layers. Word
embeddings train with sparse gradients, so only the rows that a batch holds cost anything.
"""

import json
import random
import time
from collections.abc import Callable
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
from .fold_text import fold_text

LONGEST_CHARACTERS = 600  # about 128 tokens


@dataclass(frozen=True)
class Settings:
    minutes: float = 35.0
    batch_rows: int = 16
    max_tokens: int = 128
    encoder_rate: float = 6e-5
    layer_decay: float = 0.93  # of the rate, for each layer further down
    head_rate: float = 5e-4
    weight_decay: float = 0.01
    warm_up_steps: int = 60
    harmless_rows_per_epoch: int = 2_000
    generated_rows_per_epoch: int = 3_000
    long_rows_per_epoch: int = 0  # texts of many harmless sentences, a third of them with a toxic one among them
    everyday_pool: int = 20_000
    change_share: float = 0.3  # of the texts get a spelling change
    neighbour_share: float = 0.12  # of the texts get a harmless sentence beside them, which leaves the label as it is
    steps_between_validations: int = 300
    seed: int = 1


@dataclass(frozen=True)
class Example:
    """A text and the probability of `toxic` to learn for it."""

    target: float
    text: str


def smooth(label: int, share: float = 0.04) -> float:
    """A label as a target, with `share` of doubt."""
    return label * (1 - share) + share / 2


class Trainer:
    """Draws batches, takes steps and scores rows; `run` is the whole training.

    `annotated` are the annotated texts with their targets, `own` the sentences that were written for this project.
    """

    def __init__(
        self,
        model: CamembertForSequenceClassification,
        data_dir: Path,
        annotated: list[Example],
        settings: Settings,
        *,
        written: bool = True,
    ) -> None:
        self.model, self.settings = model, settings
        self.rng = random.Random(settings.seed)
        torch.manual_seed(settings.seed)
        self.tokenizer = Tokenizer.from_file(str(data_dir / "camembert-tokenizer" / "tokenizer.json"))
        self.tokenizer.enable_truncation(settings.max_tokens)
        self.hostile = data.hostile_words(data_dir)
        own = data.only("train", data.written()) if written else []
        self.fixed = annotated + [Example(smooth(row.label), row.text) for row in own]
        self.validation = validation_rows(data_dir)
        everyday = self.rng.sample(data.only("train", data.everyday(data_dir)), settings.everyday_pool)
        self.harmless = data.only("train", data.assumed_harmless(data_dir)) + everyday
        self.optimizers, self.dense_parameters = self._optimizers()

    def _optimizers(self) -> tuple[list[torch.optim.Optimizer], list[torch.nn.Parameter]]:
        words = self.model.roberta.embeddings.word_embeddings
        words.sparse, words.padding_idx = True, None
        layers, settings = self.model.config.num_hidden_layers, self.settings
        groups: dict[tuple[float, float], list[torch.nn.Parameter]] = {}
        for name, parameter in self.model.named_parameters():
            if "word_embeddings" in name:
                continue
            if name.startswith("classifier"):
                rate = settings.head_rate
            else:
                depth = int(name.split(".")[3]) + 1 if ".layer." in name else 0
                rate = settings.encoder_rate * settings.layer_decay ** (layers - depth)
            decay = settings.weight_decay if parameter.ndim > 1 else 0.0
            groups.setdefault((rate, decay), []).append(parameter)
        dense = [{"params": params, "lr": rate, "weight_decay": decay} for (rate, decay), params in groups.items()]
        lowest = settings.encoder_rate * settings.layer_decay**layers
        optimizers = [torch.optim.AdamW(dense), torch.optim.SparseAdam([words.weight], lr=lowest)]
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["top_rate"] = group["lr"]
        return optimizers, [parameter for params in groups.values() for parameter in params]

    def _changed(self, example: Example) -> Example:
        text = example.text
        if self.rng.random() < self.settings.change_share:
            text = random_change(text, self.rng, self.hostile)
        if self.rng.random() < self.settings.neighbour_share:
            other = self.rng.choice(self.harmless).text
            text = f"{other} {text}" if self.rng.random() < 0.5 else f"{text} {other}"
        return Example(example.target, fold_text(text))

    def _long_texts(self) -> list[Example]:
        """Texts that fill a window: annotated ones that long are mostly toxic, which would teach that length is."""
        toxic = [example for example in self.fixed if example.target > 0.9]
        out = []
        for number in range(self.settings.long_rows_per_epoch):
            wanted = self.rng.randint(200, LONGEST_CHARACTERS)
            sentences, hides_one = [self.rng.choice(self.harmless).text], number % 3 == 0
            while sum(map(len, sentences)) < wanted:
                sentences.append(self.rng.choice(self.harmless).text)
            if hides_one:
                sentences.insert(self.rng.randrange(len(sentences) // 2 + 1), self.rng.choice(toxic).text)
            out.append(Example(smooth(int(hides_one)), fold_text(" ".join(sentences))))
        return out

    def epoch(self) -> list[list[Example]]:
        """Batches of like lengths in random order; the generated sentences differ in every epoch."""
        generated = data.only("train", data.generated(self.rng.randrange(1, 1_000_000)))
        fresh = self.rng.sample(generated, min(len(generated), self.settings.generated_rows_per_epoch))
        fresh += self.rng.sample(self.harmless, self.settings.harmless_rows_per_epoch)
        items = self._long_texts() + [
            self._changed(item) for item in self.fixed + [Example(smooth(row.label), row.text) for row in fresh]
        ]
        self.rng.shuffle(items)
        size = self.settings.batch_rows
        chunks = [sorted(items[i : i + 40 * size], key=lambda item: len(item.text)) for i in range(0, len(items), 40 * size)]
        batches = [chunk[i : i + size] for chunk in chunks for i in range(0, len(chunk), size)]
        self.rng.shuffle(batches)
        return batches

    def step(self, batch: list[Example], rate: float) -> float:
        """One update at `rate` times the top learning rates; gives the loss."""
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["top_rate"] * rate
        targets = torch.tensor([[1 - item.target, item.target] for item in batch])
        loss = torch.nn.functional.cross_entropy(logits(self.model, self.tokenizer, [item.text for item in batch]), targets)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.dense_parameters, 1.0)
        for optimizer in self.optimizers:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item()

    def validate(self) -> dict[str, float]:
        """AUC on the annotated and on the project's own validation sentences."""
        return {name: auc(self.model, self.tokenizer, rows) for name, rows in self.validation.items()}

    def run(self, out: Path, report: Callable[[dict[str, float]], None] = lambda entry: print(entry, flush=True)) -> None:
        """Trains until the time is up; writes the last weights and `training.json` to `out`."""
        out.mkdir(parents=True, exist_ok=True)
        self.model.train()
        began, step, epoch, mean_loss = time.process_time(), 0, 0.0, 0.7
        history: list[dict[str, float]] = []
        batches: list[list[Example]] = []
        left = 1.0
        while left > 0:
            if not batches:
                batches = self.epoch()
                per_epoch = len(batches)
            rate = min(left, (step + 1) / self.settings.warm_up_steps)
            mean_loss += 0.02 * (self.step(batches.pop(), rate) - mean_loss)
            step, epoch = step + 1, epoch + 1 / per_epoch
            left = 1 - (time.process_time() - began) / 60 / self.settings.minutes
            if step % self.settings.steps_between_validations == 0 or left <= 0:
                minutes = (time.process_time() - began) / 60
                entry = {"step": step, "epoch": epoch, "minutes": minutes, "loss": mean_loss, **self.validate()}
                history.append({name: round(value, 4) for name, value in entry.items()})
                report(history[-1])
        self.model.save_pretrained(out)
        summary = {"rows": len(self.fixed), "settings": asdict(self.settings), "history": history}
        (out / "training.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")


def logits(model: CamembertForSequenceClassification, tokenizer: Tokenizer, texts: list[str]) -> torch.Tensor:
    """Logits [texts, 2] of one padded batch of folded texts."""
    ids, mask = pad([encoding.ids for encoding in tokenizer.encode_batch(texts)])
    return model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).logits


@torch.no_grad()
def scores(model: CamembertForSequenceClassification, tokenizer: Tokenizer, texts: list[str]) -> np.ndarray:
    """Scores of `toxic` [texts], with dropout off; the mode is restored."""
    training = model.training
    model.eval()
    folded = [fold_text(text) for text in texts]
    order = sorted(range(len(texts)), key=lambda i: len(folded[i]))
    out = np.zeros(len(texts))
    for start in range(0, len(order), 32):
        part = order[start : start + 32]
        out[part] = logits(model, tokenizer, [folded[i] for i in part]).softmax(-1)[:, 1].numpy()
    model.train(training)
    return out


def validation_rows(data_dir: Path) -> dict[str, list[Row]]:
    """The validation fold: `auc` is measured on annotated texts, `own_auc` on the project's own sentences."""
    return {
        "auc": data.only("validation", data.annotated(data_dir)),
        "own_auc": data.only("validation", data.written() + data.generated(0)),
    }


def auc(model: CamembertForSequenceClassification, tokenizer: Tokenizer, rows: list[Row]) -> float:
    return float(roc_auc_score([row.label for row in rows], scores(model, tokenizer, [row.text for row in rows])))


def examples(rows: list[Row], targets: list[float]) -> list[Example]:
    return [Example(target, row.text) for row, target in zip(rows, targets, strict=True)]
