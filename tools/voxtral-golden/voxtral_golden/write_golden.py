"""Writes `test/golden/voxtral.json`: what each form of each model answers to each clip."""

import hashlib
import json
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np
from transformers import VoxtralForConditionalGeneration

from .clips import CLIPS, THIRTY_MINUTES, Clip, samples_of
from .onnx_recogniser import Answer, Prompt, Recogniser
from .prompts import prompt_of
from .reference import generate
from .shape import AUDIO, FP16, FP32, GROUPED, Q4, Q4F16, Q8, VOCABULARY, Shape
from .vocabulary import open_vocabulary

PACKAGES = ("mistral-common", "numpy", "onnx", "onnxruntime", "torch", "transformers")
COMMAND = "python -m voxtral_golden make"
# How many tokens of a prompt the decoder gets in one run; the others are to give the same.
PIECE = 512
OTHER_PIECES = (100, 4_096)
# Of each recorded step: 32 of the logits, that of the end token first.
POSITIONS = list(range(2, VOCABULARY, 43))[:32]
DIGITS = 4
# How deep each part of the file is spread over lines.
DEPTHS = {"clips": 1, "batches": 1, "models": 5}
# The rest would take minutes.
LONG_FORMS = {GROUPED.name: (FP32, Q4)}
BATCHES = (
    ("one sentence", "10 ms more than 30 s"),
    ("one sentence", "no language", "language nl", "three chunks", "silence", "half a character", "loud, then quiet"),
)
SMALLEST_MARGIN = 1.0
# Processors with and without float16 arithmetic round at other places.
SMALLEST_TOLERANCES = {FP32: 1e-3, Q8: 1e-3, Q4: 1e-3, FP16: 0.1, Q4F16: 0.1}
# By how much another program's features may differ: the tolerance of `test/golden/log-mel.json`.
FEATURE_TOLERANCE = 1e-4
LARGEST_GAP = 1e-3


@dataclass(frozen=True)
class Model:
    """A shape, its taught float32 weights and the folder of its graphs."""

    shape: Shape
    weights: VoxtralForConditionalGeneration
    folder: Path


def write_golden(models: list[Model], speech: Path, golden: Path) -> None:
    """Raises when an answer is not decisive, or when a batch, another cut of the prompt or PyTorch answers otherwise."""
    vocabulary = open_vocabulary(models[0].folder)
    prompts = {clip.name: prompt_of(samples_of(clip, speech), clip.language, vocabulary) for clip in CLIPS}
    document = {
        "tool": COMMAND,
        "versions": {package: version(package) for package in PACKAGES},
        "prefillPiece": PIECE,
        "logitPositions": POSITIONS,
        "clips": [_clip(clip, prompts[clip.name]) for clip in CLIPS],
        "batches": [list(batch) for batch in BATCHES],
        "models": {model.shape.name: _model(model, prompts) for model in models},
    }
    golden.write_text(_lines(document), encoding="utf-8")


def _clip(clip: Clip, prompt: Prompt) -> dict[str, object]:
    sound = np.flatnonzero(prompt.ids == AUDIO)
    ends = {"promptStart": prompt.ids[: sound[0]].tolist(), "promptEnd": prompt.ids[sound[-1] + 1 :].tolist()}
    return clip.recipe() | {"chunks": len(prompt.features), "audioTokens": len(sound), "promptTokens": len(prompt.ids)} | ends


def _model(model: Model, prompts: dict[str, Prompt]) -> dict[str, object]:
    forms = {form: _form(model, form, prompts) for form in model.shape.forms}
    files = sorted((model.folder / "onnx").glob("*_merged*")) + sorted((model.folder / "onnx").glob("[ae]*"))
    return {"sha256": {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files}, "forms": forms}


def _form(model: Model, form: str, prompts: dict[str, Prompt]) -> dict[str, object]:
    clips = [clip for clip in CLIPS if clip.cut_samples != THIRTY_MINUTES or form in LONG_FORMS.get(model.shape.name, ())]
    recogniser = Recogniser(model.folder / "onnx", form, PIECE)
    answers = {clip.name: recogniser.recognise([prompts[clip.name]], clip.most_tokens)[0] for clip in clips}
    gaps = [
        _gap_of_pieces(model, form, prompts, answers),
        _gap_of_batches(recogniser, prompts, answers),
        _gap_of_features(recogniser, prompts, answers),
    ]
    if form == FP32:
        reference = {clip.name: generate(model.weights, prompts[clip.name], clip.most_tokens) for clip in clips}
        _expect(_gap(answers, reference) <= LARGEST_GAP, f"{model.shape.name}: the graphs compute other logits than PyTorch")
        answers = reference
    margin = min(answer.smallest_margin for answer in answers.values())
    print(f"{model.shape.name} {form}: smallest margin {margin:.2f}, largest differences {gaps}", flush=True)
    _expect(margin >= SMALLEST_MARGIN, f"{model.shape.name} {form}: a margin of {margin}")
    tolerance = max(SMALLEST_TOLERANCES[form], float(f"{4 * max(gaps):.1g}"))
    return {"tolerance": tolerance, "clips": {name: _answer(answer) for name, answer in answers.items()}}


def _gap_of_pieces(model: Model, form: str, prompts: dict[str, Prompt], answers: dict[str, Answer]) -> float:
    """The largest difference of logits when the prompts are cut otherwise."""
    short = [clip for clip in CLIPS if clip.name in answers and clip.cut_samples != THIRTY_MINUTES]
    gaps = []
    for piece in OTHER_PIECES:
        recogniser = Recogniser(model.folder / "onnx", form, piece)
        others = {clip.name: recogniser.recognise([prompts[clip.name]], clip.most_tokens)[0] for clip in short}
        gaps.append(_gap(others, answers))
    return max(gaps)


def _gap_of_batches(recogniser: Recogniser, prompts: dict[str, Prompt], answers: dict[str, Answer]) -> float:
    """The same when several prompts of unequal length are answered at once."""
    gaps = []
    for names in BATCHES:
        clips = [next(clip for clip in CLIPS if clip.name == name) for name in names]
        together = recogniser.recognise([prompts[name] for name in names], max(clip.most_tokens for clip in clips))
        gaps.append(
            _gap({clip.name: answer.first(clip.most_tokens) for clip, answer in zip(clips, together, strict=True)}, answers)
        )
    return max(gaps)


def _gap_of_features(recogniser: Recogniser, prompts: dict[str, Prompt], answers: dict[str, Answer]) -> float:
    """The same when every feature is higher by as much as another program's may be."""
    others = {}
    for clip in (clip for clip in CLIPS if clip.name in answers):
        prompt = prompts[clip.name]
        raised = Prompt(prompt.ids, prompt.features + np.float32(FEATURE_TOLERANCE))
        others[clip.name] = recogniser.recognise([raised], clip.most_tokens)[0]
    return _gap(others, answers)


def _gap(answers: dict[str, Answer], expected: dict[str, Answer]) -> float:
    """The largest difference of logits at any step; raises when the tokens differ."""
    for name, answer in answers.items():
        _expect(answer.tokens == expected[name].tokens, f"{name}: {answer.tokens} instead of {expected[name].tokens}")
        _expect(answer.ended == expected[name].ended, f"{name} ends otherwise")
    return max(float(np.abs(answer.logits - expected[name].logits).max()) for name, answer in answers.items())


def _answer(answer: Answer) -> dict[str, object]:
    return {
        "tokenIds": answer.tokens,
        "ended": answer.ended,
        "smallestMargin": round(answer.smallest_margin, DIGITS),
        "logProbability": round(answer.log_probability, DIGITS),
        "firstLogits": _rounded(answer.logits[0]),
        "lastLogits": _rounded(answer.logits[-1]),
    }


def _rounded(logits: np.ndarray) -> list[float]:
    return [round(float(logits[position]), DIGITS) for position in POSITIONS]


def _lines(document: dict[str, object]) -> str:
    """A line for each clip, batch, file and answer."""
    return "{\n" + ",\n".join(f'"{key}":{_written(value, DEPTHS.get(key, 0))}' for key, value in document.items()) + "\n}\n"


def _written(value: object, depth: int) -> str:
    if depth == 0 or not isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    if isinstance(value, list):
        return "[\n" + ",\n".join(_written(one, depth - 1) for one in value) + "\n]"
    return "{\n" + ",\n".join(f'"{key}":{_written(one, depth - 1)}' for key, one in value.items()) + "\n}"


def _expect(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)
