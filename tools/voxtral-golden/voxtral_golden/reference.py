"""What `generate` of `transformers` answers: the reference of the float32 graphs."""

import numpy as np
import torch
from transformers import VoxtralForConditionalGeneration

from .onnx_recogniser import Answer, Prompt
from .shape import EOS


def generate(model: VoxtralForConditionalGeneration, prompt: Prompt, most_tokens: int) -> Answer:
    """Greedy; prompts of any length, as the attention weights are never held at once."""
    model.set_attn_implementation("sdpa")
    with torch.no_grad():
        output = model.generate(
            input_ids=torch.from_numpy(prompt.ids)[None],
            attention_mask=torch.ones(1, len(prompt.ids), dtype=torch.int64),
            input_features=torch.from_numpy(prompt.features),
            max_new_tokens=most_tokens,
            do_sample=False,
            num_beams=1,
            output_logits=True,
            return_dict_in_generate=True,
        )
    tokens = output.sequences[0, len(prompt.ids) :].tolist()
    ended = tokens[-1] == EOS
    logits = np.stack([step[0].float().numpy() for step in output.logits])
    return Answer(tokens[:-1] if ended else tokens, ended, logits)
