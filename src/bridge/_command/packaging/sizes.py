"""Sizes, and Lambda's limits for them.

https://docs.aws.amazon.com/lambda/latest/dg/gettingstarted-limits.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .entries import Entry

MEGABYTE = 1_048_576
"""Bytes, as Lambda counts them."""

UNPACKED = 250 * MEGABYTE
"""What a function may have with all of its layers."""

ZIPPED = 50 * MEGABYTE
"""What may be uploaded directly. Larger archives go by way of S3."""


def megabytes(size: int) -> str:
    """Return a size in megabytes, or in kilobytes where it is small."""
    return f"{size / 1024:.0f} kB" if size < MEGABYTE / 10 else f"{size / MEGABYTE:.1f} MB"


def total(entries: Iterable[Entry]) -> int:
    """Return the bytes of all files."""
    return sum(entry.size for entry in entries)


def heaviest(entries: Iterable[Entry], count: int = 5) -> str:
    """Return the largest packages, in words: what lies on top of the folder, or of a layer's `python`."""
    sizes: dict[str, int] = {}
    for entry in entries:
        top = entry.name.removeprefix("python/").partition("/")[0]
        sizes[top] = sizes.get(top, 0) + entry.size
    largest = sorted(sizes.items(), key=lambda item: (-item[1], item[0]))[:count]
    return ", ".join(f"{name} {megabytes(size)}" for name, size in largest)
