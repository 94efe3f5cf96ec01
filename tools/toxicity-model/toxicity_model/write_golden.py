"""Writes the golden files: token ids by `transformers`, logits by Python's ONNX Runtime, one text per run, no padding."""

import csv
import json
from importlib.metadata import version
from pathlib import Path

from onnxruntime import InferenceSession
from tokenizers import Tokenizer
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from . import __version__
from .fold_text import fold_text
from .golden_texts import SPECIAL_TOKEN_TEXTS, TEXTS
from .model_folder import NAME, QUANTISED, sha256
from .scoring import MAX_TOKENS, known_ids, logits_of, open_session, open_tokenizer, run, text_margins, toxic_scores
from .write_evaluation import write_evaluation
from .write_folded import write_folded

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
    pieces = Tokenizer.from_file(str(folder / "tokenizer.json"))
    texts = []
    for text in TEXTS:
        written = tokenizer(text)["input_ids"]
        entry: dict[str, object] = {"text": text, "inputIds": written, "logits": _logits(session, written)}
        read = known_ids(pieces, pieces.encode(fold_text(text)))
        if read != written:
            entry["readLogits"] = _logits(session, read)
        texts.append(entry)
    note = (
        f"Texts of more than {MAX_TOKENS} ids have no logits: the service scores such a text window by window. The service"
        " folds a text and leaves out what the vocabulary does not know: readLogits, where that changes the ids."
    )
    return _header(folder) | {"tolerance": TOLERANCE, "note": note, "texts": texts}


def _logits(session: InferenceSession, ids: list[int]) -> list[float] | None:
    return [round(float(value), 6) for value in run(session, [ids])[0]] if len(ids) <= MAX_TOKENS else None


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


def _write_decisions(folder: Path, golden: Path) -> None:
    """What the model decides at 0.5 on each sentence of the behaviour suite, which a later model must mostly repeat."""
    with (golden / "toxicity-behaviour.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    session, tokenizer = open_session(folder / QUANTISED), open_tokenizer(folder)
    long = [len(tokenizer.encode(row["text"]).ids) >= MAX_TOKENS for row in rows]
    flagged = toxic_scores(logits_of(session, tokenizer, [row["text"] for row in rows])) >= 0.5
    flagged[long] = (
        text_margins(session, folder, [row["text"] for row, is_long in zip(rows, long, strict=True) if is_long]) >= 0
    )
    decisions = "".join("1" if decision else "0" for decision in flagged)
    _write(golden / "toxicity-decisions.json", _header(folder) | {"flagged": decisions})


def write_golden(folder: Path, data_dir: Path, golden: Path) -> None:
    """Writes every golden file of the model: logits, special tokens, folded texts, evaluation texts, decisions."""
    write_folded(data_dir, golden / "fold-text.json")
    write_evaluation(data_dir, golden)
    _write_decisions(folder, golden)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    _write(golden / "classify-logits.json", _logits_file(folder, tokenizer))
    _write(golden / "classify-special-tokens.json", _special_tokens_file(folder, tokenizer))
