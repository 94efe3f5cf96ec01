"""Counts the word errors of a running service on the French telephone prompts: each is an upload of its own."""

import json
import urllib.request
from pathlib import Path

from .prompts import read_prompts
from .word_errors import NORMALISATION, count_errors, error_rates

LANGUAGE = "fr"
LONGEST_ANSWER_SECONDS = 300


def measure_service_errors(service: str | None, debian: Path, report: Path) -> None:
    """Sends the recordings as they are, at 8 kHz, to the service at the address `service`; raises when one is refused."""
    if service is None:
        raise ValueError("--service names no service")
    prompts, rows = read_prompts(debian), []
    for prompt in prompts:
        heard = _ask(service, prompt.path.read_bytes())
        rows.append({"name": prompt.name, **count_errors(prompt.transcript, heard)})
        print(f"{len(rows)}/{len(prompts)}: {error_rates(rows)['rate']:.1f} % word errors so far", flush=True)
    figures = {"normalisation": NORMALISATION, "rates": error_rates(rows), "rows": rows}
    report.write_text(json.dumps(figures, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _ask(service: str, recording: bytes) -> str:
    address = f"{service}/v1/transcribe?language={LANGUAGE}"
    request = urllib.request.Request(address, recording, {"content-type": "audio/wav"})
    with urllib.request.urlopen(request, timeout=LONGEST_ANSWER_SECONDS) as answer:
        return json.load(answer)["text"]
