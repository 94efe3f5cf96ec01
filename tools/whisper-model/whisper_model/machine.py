"""Names the processor that figures were measured on."""

import re
from pathlib import Path

# What decides how fast 8-bit products are, the fastest first.
INSTRUCTIONS = ("avx512_vnni", "avx_vnni", "avx2")


def processor() -> str:
    """The model that Linux names, and the best of `INSTRUCTIONS` that it has."""
    facts = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    flags = set(re.search(r"^flags\s*:(.*)$", facts, re.MULTILINE)[1].split())
    (name,) = re.search(r"^model name\s*:\s*(.*)$", facts, re.MULTILINE).groups()
    best = next((instruction for instruction in INSTRUCTIONS if instruction in flags), "none of " + ", ".join(INSTRUCTIONS))
    return f"{name}, {best}"
