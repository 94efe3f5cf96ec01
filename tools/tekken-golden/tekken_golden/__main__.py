"""Command line: `python -m tekken_golden` writes the fixture and the golden file, and compares `tokenizers` with both."""

import hashlib
import itertools
import json
import struct
import tempfile
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from importlib.metadata import version
from pathlib import Path
from typing import TypeVar

from mistral_common.tokens.tokenizers.base import SpecialTokenPolicy
from mistral_common.tokens.tokenizers.tekken import Tekkenizer
from tokenizers import Tokenizer

from .lines import ROOT, lines_of
from .random_numbers import RandomNumbers
from .vocabulary import convert, pack_tokens, read_reference, read_tokens, tekken_head, write_tekken_json

FIXTURES = ROOT / "test/fixtures/tekken"
TARGET = ROOT / "test/golden/tekken.json"
LINES_PER_HASH = 500
CODE_POINTS_PER_HASH = 500
ROWS, ROW_SEED = 20_000, 130_072
# In long ranges, such as those of Han, one code point of so many is enough.
LONG_RANGE, LONG_RANGE_STEP = 1000, 16
Item = TypeVar("Item")


def main() -> None:
    tokens = read_tokens()
    FIXTURES.mkdir(parents=True, exist_ok=True)
    (FIXTURES / "tokens.bin.gz").write_bytes(pack_tokens(tokens))
    (FIXTURES / "tekken-head.json").write_text(json.dumps(tekken_head(), indent=2) + "\n", encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder:
        tekken_json = write_tekken_json(Path(folder), tokens)
        tekken, converted = read_reference(tekken_json), convert(tekken_json)
    lines, ranges = list(lines_of(tokens)), assigned_ranges()
    code_points = [around(code_point) for first, last, step in ranges for code_point in range(first, last + 1, step)]
    golden = {
        "tool": f"mistral-common {version('mistral-common')}, tiktoken {version('tiktoken')}",
        "command": "python -m tekken_golden",
        "tokenizerJson": {"tool": f"transformers {version('transformers')}", "sha256": hash_converted(converted)},
        "lines": {"perHash": LINES_PER_HASH, "sha256": hash_ids(tekken, lines, LINES_PER_HASH)},
        "codePoints": {
            "ranges": ranges,
            "perHash": CODE_POINTS_PER_HASH,
            "sha256": hash_ids(tekken, code_points, CODE_POINTS_PER_HASH),
        },
        "rows": {"count": ROWS, "seed": ROW_SEED, "perHash": LINES_PER_HASH, "sha256": hash_rows(tekken)},
    }
    TARGET.write_text(json.dumps(golden, separators=(",", ":")).replace('"sha256":', '\n"sha256":') + "\n", encoding="utf-8")
    report("lines", lines, tekken, converted)
    report("code points", code_points, tekken, converted)


def assigned_ranges() -> list[tuple[int, int, int]]:
    """First, last, step: the code points that this Python's Unicode knows, so that newer ones cannot differ, but surrogates."""
    ranges = []
    known = (code_point for code_point in range(0x110000) if unicodedata.category(chr(code_point)) not in ("Cn", "Cs"))
    for _, group in itertools.groupby(enumerate(known), lambda pair: pair[1] - pair[0]):
        members = [code_point for _, code_point in group]
        ranges.append((members[0], members[-1], LONG_RANGE_STEP if len(members) > LONG_RANGE else 1))
    return ranges


def around(code_point: int) -> str:
    """A text whose words tell what kind of character it is: white space, digit, mark, upper case, lower case or other."""
    character = chr(code_point)
    return f"{character}a{character}B{character} {character}\n{character}"


def hash_ids(tekken: Tekkenizer, texts: list[str], per_hash: int) -> list[str]:
    """SHA-256 for each block of texts: of each text the number of its ids, then the ids, little-endian int32."""
    return hash_blocks(texts, per_hash, lambda text: pack_ids(tekken.encode(text, bos=False, eos=False)))


def pack_ids(ids: list[int]) -> bytes:
    return struct.pack(f"<{1 + len(ids)}i", len(ids), *ids)


def hash_rows(tekken: Tekkenizer) -> list[str]:
    """SHA-256 for each block of rows of random ids: of each the text, with and without U+FFFD at its ends."""

    def pack(ids: list[int]) -> bytes:
        text = tekken.decode(ids, special_token_policy=SpecialTokenPolicy.RAISE)
        return pack_text(text) + pack_text(text.strip("\ufffd"))

    return hash_blocks(random_rows(tekken.n_words), LINES_PER_HASH, pack)


def pack_text(text: str) -> bytes:
    """The number of its UTF-8 bytes, little-endian int32, and the bytes."""
    encoded = text.encode()
    return struct.pack("<i", len(encoded)) + encoded


def random_rows(size: int) -> Iterator[list[int]]:
    """Rows of 1 to 12 ids, a quarter of them single bytes, so that many characters are cut."""
    random = RandomNumbers(ROW_SEED)
    for _ in range(ROWS):
        yield [1000 + random.below(256 if random.below(4) == 0 else size - 1000) for _ in range(1 + random.below(12))]


def hash_blocks(items: Iterable[Item], per_hash: int, pack: Callable[[Item], bytes]) -> list[str]:
    packed = [pack(item) for item in items]
    blocks = (packed[start : start + per_hash] for start in range(0, len(packed), per_hash))
    return [hashlib.sha256(b"".join(block)).hexdigest() for block in blocks]


def hash_converted(converted: Tokenizer) -> str:
    """SHA-256 of the ordinary tokens in the order of their ids and of the merges, one a line."""
    model = json.loads(converted.to_str())["model"]
    tokens = [token for token, id in sorted(model["vocab"].items(), key=lambda item: item[1]) if id >= 1000]
    return hashlib.sha256("\n".join(tokens + [" ".join(merge) for merge in model["merges"]]).encode()).hexdigest()


def report(what: str, texts: list[str], tekken: Tekkenizer, converted: Tokenizer) -> None:
    encodings = converted.encode_batch(texts, add_special_tokens=False)
    unlike = [
        text for text, encoding in zip(texts, encodings, strict=True) if encoding.ids != tekken.encode(text, bos=False, eos=False)
    ]
    print(f"{what}: {len(texts)}, of which tokenizers {version('tokenizers')} gives other ids to {len(unlike)}")
    for text in unlike[:10]:
        print(f"  {text!a}")


if __name__ == "__main__":
    main()
