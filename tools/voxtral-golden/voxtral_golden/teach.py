"""Teaches a model its few answers by heart, so that at every step one token is far ahead of the rest.

The encoder keeps its random weights; the projector and the text model learn. Half of the steps see the weights as 4 bits leave
them, so that the answers survive it.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from torch import nn
from torch.func import functional_call
from transformers import VoxtralForConditionalGeneration

from .clips import CLIPS, THIRTY_MINUTES, Clip, samples_of
from .prompts import prompt_of
from .shape import AUDIO, BLOCK, EOS, SAMPLES_PER_CHUNK

STEPS = 400
LEARNING_RATE = 4e-3
# How far ahead the best logit is to be.
MARGIN = 12.0
# 60 chunks take too long: the clip of 30 minutes is learned from these.
SHORT_CHUNKS = (1, 2, 6)


@dataclass(frozen=True)
class Lesson:
    """The prompt and the answer as ids [tokens], and float32 encoder states [2, audio tokens, joined] before the projector: of
    the weights as they are, and in 4 bits."""

    prompt: torch.Tensor
    answer: torch.Tensor
    states: torch.Tensor


def teach(model: VoxtralForConditionalGeneration, vocabulary: MistralTokenizer, speech: Path) -> None:
    """Changes the weights of `model`."""
    lessons = _lessons(model, vocabulary, speech)
    weights = {name: weight for name, weight in model.named_parameters() if "audio_tower" not in name}
    optimizer = torch.optim.Adam(weights.values(), LEARNING_RATE, betas=(0.9, 0.98))
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, LEARNING_RATE, STEPS, pct_start=0.1)
    student = _Student(model)
    for step in range(STEPS):
        form = step % 2
        seen = {f"model.{name}": _seen(weight, form) for name, weight in weights.items()}
        optimizer.zero_grad()
        total = 0.0
        for lesson in lessons:
            loss = functional_call(student, seen, (lesson, form)) / len(lessons)
            loss.backward(retain_graph=True)
            total += loss.item()
        nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
        schedule.step()
        if step % 20 == 0:
            print(f"step {step}: loss {total:.4f}", flush=True)


def _seen(weight: torch.Tensor, form: int) -> torch.Tensor:
    return _in_four_bits(weight) if form == 1 and weight.dim() == 2 else weight


class _Student(nn.Module):
    def __init__(self, model: VoxtralForConditionalGeneration) -> None:
        super().__init__()
        self.model = model

    def forward(self, lesson: Lesson, form: int) -> torch.Tensor:
        """The loss of one lesson: cross-entropy, and what each step lacks of `MARGIN`."""
        inner = self.model.model
        ids = torch.cat([lesson.prompt, lesson.answer[:-1]])
        embeddings = inner.language_model.embed_tokens(ids)
        sound = inner.multi_modal_projector(lesson.states[form])
        embeddings = embeddings.masked_scatter((ids == AUDIO)[:, None], sound)
        hidden = inner.language_model(inputs_embeds=embeddings[None], use_cache=False).last_hidden_state[0, -len(lesson.answer) :]
        logits = self.model.lm_head(hidden)
        right = logits.gather(1, lesson.answer[:, None])[:, 0]
        others = logits.scatter(1, lesson.answer[:, None], float("-inf")).amax(dim=1)
        return nn.functional.cross_entropy(logits, lesson.answer) + nn.functional.relu(MARGIN - (right - others)).mean()


def _lessons(model: VoxtralForConditionalGeneration, vocabulary: MistralTokenizer, speech: Path) -> list[Lesson]:
    return [_lesson(clip, model, vocabulary, speech) for clip in _short(CLIPS)]


def _short(clips: Sequence[Clip]) -> list[Clip]:
    short = [clip for clip in clips if clip.cut_samples != THIRTY_MINUTES]
    (longest,) = (clip for clip in clips if clip.cut_samples == THIRTY_MINUTES)
    return short + [dataclasses.replace(longest, cut_samples=chunks * SAMPLES_PER_CHUNK) for chunks in SHORT_CHUNKS]


def _lesson(clip: Clip, model: VoxtralForConditionalGeneration, vocabulary: MistralTokenizer, speech: Path) -> Lesson:
    prompt = prompt_of(samples_of(clip, speech), clip.language, vocabulary)
    answer = vocabulary.instruct_tokenizer.tokenizer.encode(clip.lesson, bos=False, eos=False)
    tower, joined = model.model.audio_tower, model.config.audio_config.intermediate_size
    quantised = {name: _in_four_bits(weight) if _is_product(name) else weight for name, weight in tower.named_parameters()}
    features = torch.from_numpy(prompt.features)
    with torch.no_grad():
        states = [tower(features).last_hidden_state, functional_call(tower, quantised, (features,)).last_hidden_state]
    stacked = torch.stack([one.reshape(-1, joined) for one in states])
    return Lesson(torch.from_numpy(prompt.ids), torch.tensor([*answer, EOS]), stacked)


def _is_product(name: str) -> bool:
    return name.endswith(("proj.weight", "fc1.weight", "fc2.weight"))


def _in_four_bits(weight: torch.Tensor) -> torch.Tensor:
    """As `MatMulNBits` reads them: of each 32 weights of a row the largest becomes -8. The gradient passes as it is."""
    blocks = weight.detach().reshape(-1, BLOCK)
    largest = blocks.gather(1, blocks.abs().argmax(dim=1, keepdim=True))
    scale = torch.where(largest == 0, 1.0, largest / -8)
    rounded = (torch.round(blocks / scale).clamp(-8, 7) * scale).reshape(weight.shape)
    return weight + (rounded - weight).detach()
