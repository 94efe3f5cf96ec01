"""Exports the three graphs of a model, with the names under which Voxtral is published for ONNX Runtime.

In float16 the angles of the positions and the squares of RMSNorm are float32, as `transformers` computes them.
"""

import copy
from pathlib import Path

import torch
from torch import nn
from transformers import DynamicCache, VoxtralForConditionalGeneration

AUDIO_ENCODER, EMBED_TOKENS, DECODER = "audio_encoder", "embed_tokens", "decoder_model_merged"
OPSET = 18
# Added to the score of a key that must not be seen: exp(-10000) is 0 in float32 and in float16.
UNSEEN = -1e4


def export_graphs(model: VoxtralForConditionalGeneration, number: torch.dtype, ends: torch.dtype, folder: Path) -> None:
    """Writes `audio_encoder.onnx`, `embed_tokens.onnx` and `decoder_model_merged.onnx` into `folder`, weights inside.

    They compute in `number`, the type of the caches. The decoder's other inputs and outputs have the type `ends`, those of the
    other two graphs are float32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    model = copy.deepcopy(model).to(number)
    model.set_attn_implementation("eager")
    with torch.no_grad():
        _export_encoder(model, folder / f"{AUDIO_ENCODER}.onnx")
        _export_embedding(model, folder / f"{EMBED_TOKENS}.onnx")
        _export_decoder(model, ends, folder / f"{DECODER}.onnx")


class _Encoder(nn.Module):
    """float32 [chunks, 128, 3000] → [chunks × 375, hidden]."""

    def __init__(self, model: VoxtralForConditionalGeneration) -> None:
        super().__init__()
        self.tower, self.projector = model.model.audio_tower, model.model.multi_modal_projector
        self.joined = model.config.audio_config.intermediate_size

    def forward(self, audio_values: torch.Tensor) -> torch.Tensor:
        states = self.tower(audio_values).last_hidden_state
        return self.projector(states.reshape(-1, self.joined)).float()


class _Embedding(nn.Module):
    """int64 [batch, tokens] → float32 [batch, tokens, hidden]."""

    def __init__(self, model: VoxtralForConditionalGeneration) -> None:
        super().__init__()
        self.embed_tokens = model.get_input_embeddings()

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        return self.embed_tokens(input_ids).float()


class _Decoder(nn.Module):
    """[batch, new, hidden] with mask, positions and caches → logits [batch, new, vocabulary] and the longer caches."""

    def __init__(self, model: VoxtralForConditionalGeneration) -> None:
        super().__init__()
        self.language_model, self.lm_head = model.model.language_model, model.lm_head

    def forward(
        self, inputs_embeds: torch.Tensor, attention_mask: torch.Tensor, position_ids: torch.Tensor, *past: torch.Tensor
    ) -> tuple[torch.Tensor, ...]:
        number = self.lm_head.weight.dtype
        cache = DynamicCache()
        for layer in range(len(past) // 2):
            cache.update(past[2 * layer], past[2 * layer + 1], layer)
        output = self.language_model(
            inputs_embeds=inputs_embeds.to(number),
            attention_mask=_seen(attention_mask, inputs_embeds.shape[1]).to(number),
            position_ids=position_ids,
            past_key_values=cache,
            use_cache=True,
        )
        present = [part for layer in output.past_key_values.layers for part in (layer.keys, layer.values)]
        return (self.lm_head(output.last_hidden_state).to(inputs_embeds.dtype), *present)


def _seen(attention_mask: torch.Tensor, new: int) -> torch.Tensor:
    """float32 [batch, 1, new, past + new], 0 where a new token may look and `UNSEEN` elsewhere."""
    order = torch.arange(attention_mask.shape[1])
    is_past = order[None, :] <= order[-new:, None]
    visible = is_past[None, None] & (attention_mask[:, None, None, :] > 0)
    return torch.where(visible, 0.0, UNSEEN)


def _export_encoder(model: VoxtralForConditionalGeneration, path: Path) -> None:
    values = torch.zeros(2, model.config.audio_config.num_mel_bins, 2 * model.config.audio_config.max_source_positions)
    axes = {"audio_values": {0: "chunks"}, "audio_features": {0: "audio_tokens"}}
    _export(_Encoder(model), (values,), path, ["audio_values"], ["audio_features"], axes)


def _export_embedding(model: VoxtralForConditionalGeneration, path: Path) -> None:
    axes = {"input_ids": {0: "batch_size", 1: "sequence_length"}, "inputs_embeds": {0: "batch_size", 1: "sequence_length"}}
    _export(_Embedding(model), (torch.ones(2, 3, dtype=torch.int64),), path, ["input_ids"], ["inputs_embeds"], axes)


def _export_decoder(model: VoxtralForConditionalGeneration, ends: torch.dtype, path: Path) -> None:
    text = model.config.text_config
    batch, past, new = 2, 5, 3
    cache = torch.zeros(batch, text.num_key_value_heads, past, text.head_dim, dtype=model.dtype)
    caches = [cache.clone() for _ in range(2 * text.num_hidden_layers)]
    positions = torch.arange(past, past + new).expand(batch, new)
    inputs = (
        torch.zeros(batch, new, text.hidden_size, dtype=ends),
        torch.ones(batch, past + new, dtype=torch.int64),
        positions,
        *caches,
    )
    pairs = [f"{layer}.{part}" for layer in range(text.num_hidden_layers) for part in ("key", "value")]
    old, longer = [f"past_key_values.{pair}" for pair in pairs], [f"present.{pair}" for pair in pairs]
    axes = {name: {0: "batch_size", 1: "sequence_length"} for name in ("inputs_embeds", "position_ids", "logits")}
    axes["attention_mask"] = {0: "batch_size", 1: "total_sequence_length"}
    axes |= {name: {0: "batch_size", 2: "past_sequence_length"} for name in old}
    axes |= {name: {0: "batch_size", 2: "total_sequence_length"} for name in longer}
    names = ["inputs_embeds", "attention_mask", "position_ids", *old]
    _export(_Decoder(model), inputs, path, names, ["logits", *longer], axes)


def _export(
    module: nn.Module, inputs: tuple[torch.Tensor, ...], path: Path, input_names: list[str], output_names: list[str], axes: dict
) -> None:
    torch.onnx.export(
        module.eval(),
        inputs,
        str(path),
        input_names=input_names,
        output_names=output_names,
        dynamic_axes=axes,
        opset_version=OPSET,
        dynamo=False,
    )
