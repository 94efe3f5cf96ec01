"""The token ids that mistral-common makes of a request to transcribe, and the features that go with them."""

import base64
import io
import wave

import numpy as np
from mistral_common.protocol.instruct.chunk import RawAudio
from mistral_common.protocol.transcription.request import TranscriptionRequest
from mistral_common.tokens.tokenizers.mistral import MistralTokenizer
from transformers import WhisperFeatureExtractor

from .onnx_recogniser import Prompt
from .shape import AUDIO, FRAMES_PER_CHUNK, MEL_BINS, RATE, SAMPLES_PER_CHUNK, TOKENS_PER_CHUNK


def prompt_of(samples: np.ndarray, language: str | None, vocabulary: MistralTokenizer) -> Prompt:
    """What float32 samples [samples] are given to the model as."""
    features = features_of(samples)
    ids = _prompt_ids(len(samples), language, vocabulary)
    if ids.count(AUDIO) != len(features) * TOKENS_PER_CHUNK:
        raise ValueError(f"{ids.count(AUDIO)} audio tokens for {len(features)} chunks")
    return Prompt(np.array(ids, np.int64), features)


def features_of(samples: np.ndarray) -> np.ndarray:
    """float32 [chunks, 128, 3000] as `VoxtralProcessor` makes them: the spectrogram of all the sound at once, then cut."""
    extractor = WhisperFeatureExtractor(feature_size=MEL_BINS)
    whole = extractor(
        samples,
        sampling_rate=RATE,
        padding=True,
        truncation=False,
        pad_to_multiple_of=SAMPLES_PER_CHUNK,
        return_tensors="np",
    )["input_features"]
    return np.ascontiguousarray(whole.reshape(MEL_BINS, -1, FRAMES_PER_CHUNK).transpose(1, 0, 2), np.float32)


def _prompt_ids(length: int, language: str | None, vocabulary: MistralTokenizer) -> list[int]:
    """Only the length of the sound counts here."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(bytes(2 * length))
    audio = RawAudio(data=base64.b64encode(file.getvalue()).decode(), format="wav")
    return vocabulary.encode_transcription(TranscriptionRequest(model="voxtral", audio=audio, language=language)).tokens
