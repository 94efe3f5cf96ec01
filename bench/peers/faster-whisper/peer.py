"""faster-whisper with int8 weights: `python peer.py MODEL_FOLDER WORKERS THREADS sequential|batched`.

Each line of input is {"files": [...], "parallel": n}; the answer has the texts in the same order. Decoding is greedy and
the language is given, so that nothing is spent on beams, fall-backs or detection.
"""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

from faster_whisper import BatchedInferencePipeline, WhisperModel

GREEDY = {"language": "fr", "beam_size": 1, "temperature": 0.0, "condition_on_previous_text": False}
BATCH_SIZE = 8
# What fits into one window needs no timestamps to go on from.
WINDOW_SECONDS = 30


def main() -> None:
    folder, workers, threads, mode = sys.argv[1:]
    model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads), num_workers=int(workers))
    batched = BatchedInferencePipeline(model) if mode == "batched" else None

    def transcribe(file: dict) -> str:
        if batched is not None:
            segments, _ = batched.transcribe(file["path"], batch_size=BATCH_SIZE, **GREEDY)
        else:
            fits = file["seconds"] <= WINDOW_SECONDS
            segments, _ = model.transcribe(file["path"], without_timestamps=fits, **GREEDY)
        return " ".join(segment.text.strip() for segment in segments)

    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        job = json.loads(line)
        with ThreadPoolExecutor(job["parallel"]) as pool:
            texts = list(pool.map(transcribe, job["files"]))
        print(json.dumps({"texts": texts}), flush=True)


if __name__ == "__main__":
    main()
