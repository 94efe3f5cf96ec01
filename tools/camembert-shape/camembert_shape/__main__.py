"""Command line: `python -m camembert_shape --shape base --out FOLDER --tokenizer FOLDER`."""

import argparse
import json
import shutil
from pathlib import Path

from voxtral_shape.external_data import ExternalData
from voxtral_shape.form import FORMS

from .encoder import Shape, write_encoder

SHAPES = {
    # camembert-base with the tokenizer of the toxicity model, whose vocabulary is as large.
    "base": Shape(hidden=768, inner=3072, layers=12, heads=12, vocabulary=32005),
    "tiny": Shape(hidden=64, inner=128, layers=2, heads=4, vocabulary=32005),
}
LABELS = ("non_toxic", "toxic")
TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json")


def main() -> None:
    parser = argparse.ArgumentParser(prog="camembert_shape", description=__doc__)
    parser.add_argument("--shape", choices=SHAPES, default="base")
    parser.add_argument("--tokenizer", type=Path, required=True, help="folder with tokenizer files to copy")
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    shape, form = SHAPES[options.shape], FORMS["fp16"]
    file = options.out / "onnx/model_fp16.onnx"
    with ExternalData(file.with_suffix(".onnx_data"), form.numbers) as data:
        write_encoder(shape, form, len(LABELS), data, file)
    (options.out / "config.json").write_text(json.dumps(config(shape), indent=2) + "\n")
    for name in TOKENIZER_FILES:
        shutil.copy(options.tokenizer / name, options.out / name)


def config(shape: Shape) -> dict[str, object]:
    return {
        "architectures": ["CamembertForSequenceClassification"],
        "bos_token_id": 5,
        "eos_token_id": 6,
        "hidden_act": "gelu",
        "hidden_size": shape.hidden,
        "id2label": {str(index): label for index, label in enumerate(LABELS)},
        "intermediate_size": shape.inner,
        "label2id": {label: index for index, label in enumerate(LABELS)},
        "layer_norm_eps": 1e-5,
        "max_position_embeddings": shape.positions,
        "model_type": "camembert",
        "num_attention_heads": shape.heads,
        "num_hidden_layers": shape.layers,
        "pad_token_id": 1,
        "type_vocab_size": 1,
        "vocab_size": shape.vocabulary,
    }


main()
