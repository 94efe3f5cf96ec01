"""The generator of `test/helpers/random-numbers.ts` (mulberry32): the same numbers for the same seed."""

MASK = 0xFFFFFFFF


class RandomNumbers:
    """Numbers in [0, 1) with 32 random bits, exact in both languages."""

    def __init__(self, seed: int) -> None:
        self.state = seed

    def next(self) -> float:
        self.state = (self.state + 0x6D2B79F5) & MASK
        mixed = (self.state ^ self.state >> 15) * (1 | self.state) & MASK
        mixed = (mixed + ((mixed ^ mixed >> 7) * (61 | mixed) & MASK)) & MASK ^ mixed
        return ((mixed ^ mixed >> 14) & MASK) / 4294967296

    def below(self, limit: int) -> int:
        """An integer from 0, lower than `limit`."""
        return int(self.next() * limit)
