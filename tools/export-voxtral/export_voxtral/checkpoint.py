"""Exports a Hugging Face checkpoint as the three graphs of the public layout."""

import logging
import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

import onnx
import torch
from onnxruntime.quantization.matmul_nbits_quantizer import MatMulNBitsQuantizer
from transformers import VoxtralForConditionalGeneration
from voxtral_golden.export_graphs import AUDIO_ENCODER, DECODER, EMBED_TOKENS, export_graphs

from .folder import suffix
from .weights import Weight, write_model

# What a form computes in.
NUMBERS = {"fp32": torch.float32, "fp16": torch.float16, "q4": torch.float32, "q4f16": torch.float16}
FOUR_BITS = ("q4", "q4f16")
BLOCK = 32
# What a model folder holds besides its graphs, where the checkpoint has it.
SETTINGS = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "tekken.json",
)


def export_checkpoint(checkpoint: Path, form: str, out: Path) -> None:
    """Writes the three graphs of the given form and copies the settings.

    Raises ValueError for a form that is none of `NUMBERS`. Memory: the weights twice in the type that the form computes in.
    """
    if form not in NUMBERS:
        raise ValueError(f"a checkpoint can be exported as {', '.join(NUMBERS)}, not as {form}")
    out.mkdir(parents=True, exist_ok=True)
    model = VoxtralForConditionalGeneration.from_pretrained(checkpoint, dtype=NUMBERS[form]).eval()
    with TemporaryDirectory(dir=out) as work:
        export_graphs(model, NUMBERS[form], torch.float32, Path(work))
        del model
        for name in (AUDIO_ENCODER, EMBED_TOKENS, DECODER):
            _write(Path(work) / f"{name}.onnx", form, out / f"onnx/{name}{suffix(form)}.onnx")
    for name in SETTINGS:
        if (checkpoint / name).exists() and checkpoint != out:
            shutil.copyfile(checkpoint / name, out / name)


def _write(source: Path, form: str, file: Path) -> None:
    model = _four_bits(source) if form in FOUR_BITS else onnx.load(str(source), load_external_data=False)
    weights = [Weight(tensor, source.parent) for tensor in model.graph.initializer]
    del model.graph.initializer[:]
    write_model(model, weights, file)


def _four_bits(source: Path) -> onnx.ModelProto:
    """Symmetric, a scale for every 32 weights: `MatMulNBits`, and `GatherBlockQuantized` for the embedding."""
    # It names every node that it looks at.
    logging.getLogger(MatMulNBitsQuantizer.__module__).setLevel(logging.WARNING)
    kinds = ("Gather",) if source.stem == EMBED_TOKENS else ("MatMul",)
    quantizer = MatMulNBitsQuantizer(onnx.load(str(source)), block_size=BLOCK, is_symmetric=True, op_types_to_quantize=kinds)
    quantizer.process()
    return quantizer.model.model
