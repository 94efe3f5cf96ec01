"""transformers' `generate` on the weights of a folder that `tools/voxtral-shape` wrote. `python transformers_peer.py JOB`, with
`tools/voxtral-shape` on PYTHONPATH.

Says that it is ready, then answers each line of JSON on its input with one on its output, as `line-process.ts` wants it.
"""

import json
import sys
import time
from pathlib import Path

import numpy as np
import torch
import transformers
from transformers import VoxtralConfig, VoxtralForConditionalGeneration
from voxtral_shape.weights import read_weights


def main() -> None:
    job = json.loads(sys.argv[1])
    torch.set_num_threads(job["threads"])
    device = torch.device("cuda" if job["provider"] == "cuda" else "cpu")
    if device.type == "cuda" and not torch.cuda.is_available():
        raise SystemExit("PyTorch sees no CUDA device")
    model = load(Path(job["folder"]), job["form"], device)
    features = np.fromfile(job["features"], np.float32).reshape(1, job["melBins"], job["frames"])
    prompt = torch.tensor([job["promptTokenIds"]], device=device)
    audio = torch.from_numpy(features).to(device, model.dtype)
    versions = f"transformers {transformers.__version__}, PyTorch {torch.__version__}, {model.dtype}, {job['cache']} cache"
    answer({"ready": True, "setting": f"{versions}, {model.config._attn_implementation} attention"})
    for line in sys.stdin:
        request = json.loads(line)
        started = time.perf_counter()
        token_ids = generate(model, prompt, audio, job["cache"], **request)
        answer({"ms": 1000 * (time.perf_counter() - started), "tokenIds": token_ids, "logProbabilities": []})


def load(folder: Path, form: str, device: torch.device) -> VoxtralForConditionalGeneration:
    """In float16 on a GPU, in float32 on a CPU: what was in 4 bits is no longer, and its scale is all that is lost of it."""
    kind = torch.float16 if device.type == "cuda" else torch.float32
    with torch.device(device):
        model = VoxtralForConditionalGeneration._from_config(VoxtralConfig.from_pretrained(folder), dtype=kind).eval()
    weights = model.state_dict()
    with torch.inference_mode():
        for name, values in read_weights(folder, form):
            weights.pop(name).copy_(torch.from_numpy(np.array(values)))
    if weights:
        raise SystemExit(f"{folder} lacks {', '.join(weights)}")
    # Random weights come to no end by themselves; all contestants give as many tokens as they are asked for.
    model.generation_config.eos_token_id = None
    model.generation_config.pad_token_id = 11
    return model


def generate(
    model: VoxtralForConditionalGeneration, prompt: torch.Tensor, audio: torch.Tensor, cache: str, rows: int, tokens: int
) -> list[int]:
    ids = prompt.expand(rows, -1)
    options = {"cache_implementation": "static"} if cache == "static" else {}
    with torch.inference_mode():
        sequences = model.generate(
            input_ids=ids,
            attention_mask=torch.ones_like(ids),
            input_features=audio.expand(rows, -1, -1),
            max_new_tokens=tokens,
            do_sample=False,
            **options,
        )
    # To the host: what is still on its way on the device counts.
    return sequences[0, prompt.shape[1] :].tolist()


def answer(message: dict[str, object]) -> None:
    print(json.dumps(message), flush=True)


main()
