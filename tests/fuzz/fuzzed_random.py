"""Randomness that a coverage-guided fuzzer chooses."""

from __future__ import annotations

from random import Random


class FuzzedRandom(Random):
    """Randomness out of the bytes that a coverage-guided fuzzer chooses; zeros, when there are none left."""

    data = b""

    def feed(self, data: bytes) -> FuzzedRandom:
        """Take these bytes next."""
        self.data = data
        return self

    def getrandbits(self, bits: int, /) -> int:
        """Return as many bits."""
        size = (bits + 7) // 8
        taken, self.data = self.data[:size], self.data[size:]
        return int.from_bytes(taken, "big") & ((1 << bits) - 1)

    def random(self) -> float:
        """Return a number from 0 to 1."""
        return self.getrandbits(53) / (1 << 53)

    def _randbelow(self, limit: int) -> int:
        return self.getrandbits(limit.bit_length() + 3) % limit
