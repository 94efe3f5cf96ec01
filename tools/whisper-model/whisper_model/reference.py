"""The model in PyTorch, as `transformers` runs it: what the graphs are measured against."""

import json
from pathlib import Path

import numpy as np
import torch
from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

from .read_weights import read_weights
from .recogniser import Decoded

PROMPT_TOKENS = 4


def open_reference(weights: Path, folder: Path) -> WhisperForConditionalGeneration:
    """The weights in the file `weights` with the configuration in `folder`, in float32."""
    model = WhisperForConditionalGeneration(WhisperConfig.from_pretrained(folder)).eval()
    tensors = {name: torch.from_numpy(values) for name, values in read_weights(weights).items()}
    tensors["proj_out.weight"] = tensors["model.decoder.embed_tokens.weight"]
    model.load_state_dict(tensors)
    model.generation_config = GenerationConfig(**json.loads((folder / "generation_config.json").read_text(encoding="utf-8")))
    return model


def greedy(model: WhisperForConditionalGeneration, features: np.ndarray, language: str, most_tokens: int) -> Decoded:
    """What `generate` makes of features [1, mels, 3000]."""
    with torch.no_grad():
        generated = model.generate(
            torch.from_numpy(features),
            language=language,
            task="transcribe",
            return_timestamps=False,
            do_sample=False,
            num_beams=1,
            max_length=PROMPT_TOKENS + most_tokens,
            output_scores=True,
            return_dict_in_generate=True,
        )
    leads = [float(first - second) for first, second in (scores[0].topk(2).values for scores in generated.scores)]
    tokens = [token for token in generated.sequences[0].tolist() if token < model.generation_config.eos_token_id]
    return Decoded(tokens, min(leads), is_complete=len(tokens) < most_tokens)
