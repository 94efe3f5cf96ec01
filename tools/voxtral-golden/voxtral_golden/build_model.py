"""Builds a Voxtral of the published architecture with random weights."""

import torch
from transformers import GenerationConfig, LlamaConfig, VoxtralConfig, VoxtralEncoderConfig, VoxtralForConditionalGeneration

from .shape import AUDIO, AUDIO_WIDTH, BOS, EOS, MEL_BINS, PAD, RMS_EPSILON, ROPE_THETA, SOURCE_POSITIONS, VOCABULARY, Shape


def build_model(shape: Shape) -> VoxtralForConditionalGeneration:
    """The same weights at every call, in float32."""
    torch.manual_seed(shape.seed)
    model = VoxtralForConditionalGeneration(configuration(shape)).eval()
    with torch.no_grad():
        _enliven(model)
    if shape.is_tied:
        model.lm_head.weight = model.get_input_embeddings().weight
    model.generation_config = GenerationConfig(bos_token_id=BOS, eos_token_id=EOS, pad_token_id=PAD)
    return model


def configuration(shape: Shape) -> VoxtralConfig:
    audio = VoxtralEncoderConfig(
        hidden_size=AUDIO_WIDTH,
        intermediate_size=4 * AUDIO_WIDTH,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_mel_bins=MEL_BINS,
        max_source_positions=SOURCE_POSITIONS,
    )
    text = LlamaConfig(
        vocab_size=VOCABULARY,
        hidden_size=shape.hidden,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.heads,
        num_key_value_heads=shape.key_value_heads,
        head_dim=shape.head_width,
        max_position_embeddings=131_072,
        rms_norm_eps=RMS_EPSILON,
        rope_theta=ROPE_THETA,
        tie_word_embeddings=shape.is_tied,
        bos_token_id=BOS,
        eos_token_id=EOS,
        pad_token_id=PAD,
    )
    return VoxtralConfig(
        audio_config=audio.to_dict(),
        text_config=text.to_dict(),
        audio_token_id=AUDIO,
        projector_hidden_act="gelu",
        tie_word_embeddings=shape.is_tied,
    )


def _enliven(model: VoxtralForConditionalGeneration) -> None:
    """Weights as large as those of a trained model: with the usual first ones, of deviation 0.02, sound hardly shows."""
    tower = model.model.audio_tower
    positions, width = tower.embed_positions.weight.shape
    steps = torch.exp(-torch.arange(width // 2) * (torch.log(torch.tensor(10_000.0)) / (width // 2 - 1)))
    angles = torch.arange(positions)[:, None] * steps
    tower.embed_positions.weight.copy_(torch.cat([angles.sin(), angles.cos()], dim=1))
    for name, weight in model.named_parameters():
        if weight.dim() < 2 or "embed_positions" in name:
            continue
        fan_in = weight[0].numel()
        gain = 3.0 if "conv" in name else 1.0
        weight.normal_(0, 1.0 if "embed_tokens" in name else gain * fan_in**-0.5)
