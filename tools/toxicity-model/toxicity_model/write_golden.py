"""Writes the golden files: token ids by `transformers`, logits by Python's ONNX Runtime, one text per run, no padding."""

import json
from importlib.metadata import version
from pathlib import Path

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from . import __version__
from .golden_texts import SPECIAL_TOKEN_TEXTS, TEXTS
from .model_folder import NAME, QUANTISED, sha256
from .scoring import MAX_TOKENS, open_session, run

# Twice what a change of every float constant by 1e-6 did to these texts: other processors round floats otherwise, and a last
# bit can turn the rounding of an activation. On one kind of processor the logits are equal to 1e-5.
TOLERANCE = {"logits": 0.15, "scores": 0.05}
PACKAGES = ("onnxruntime", "tokenizers", "transformers")
COMMAND = "python -m toxicity_model golden --data DATA --work WORK --out models/camembert-toxicity-fr --golden test/golden"


def _header(folder: Path) -> dict[str, object]:
    return {
        "tool": f"tools/toxicity-model {__version__}",
        "versions": {name: version(name) for name in PACKAGES},
        "command": COMMAND,
        "model": {"name": NAME, "version": __version__, "sha256": sha256(folder / QUANTISED)},
    }


def _write(target: Path, content: dict[str, object]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(content, indent=1, ensure_ascii=True) + "\n", encoding="utf-8")


def _logits_file(folder: Path, tokenizer: PreTrainedTokenizerBase) -> dict[str, object]:
    session = open_session(folder / QUANTISED)
    texts = []
    for text in TEXTS:
        ids = tokenizer(text)["input_ids"]
        logits = [round(float(value), 6) for value in run(session, [ids])[0]] if len(ids) <= MAX_TOKENS else None
        texts.append({"text": text, "inputIds": ids, "logits": logits})
    note = f"Texts of more than {MAX_TOKENS} ids have no logits: the service scores such a text window by window."
    return _header(folder) | {"tolerance": TOLERANCE, "note": note, "texts": texts}


def _special_tokens_file(folder: Path, tokenizer: PreTrainedTokenizerBase) -> dict[str, object]:
    texts = [
        {
            "text": text,
            "inputIds": tokenizer(text)["input_ids"],
            "inputIdsSplit": tokenizer(text, split_special_tokens=True)["input_ids"],
        }
        for text in SPECIAL_TOKEN_TEXTS
    ]
    note = (
        "inputIds is the default of transformers; inputIdsSplit is with split_special_tokens=True, which still finds the"
        " special tokens that are pieces of the vocabulary."
    )
    return _header(folder) | {"note": note, "texts": texts}


def write_golden(folder: Path, golden: Path) -> None:
    """Writes `classify-logits.json` and `classify-special-tokens.json` into the folder `golden`."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    _write(golden / "classify-logits.json", _logits_file(folder, tokenizer))
    _write(golden / "classify-special-tokens.json", _special_tokens_file(folder, tokenizer))
