"""`bridge check`: whether a cold start of an archive or folder would compile what it imports."""

from __future__ import annotations

import zipfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from .bytecode import Bytecode, states
from .entries import of
from .extensions import guess, misfits
from .finishing import is_cache
from .interpreter import magic_number
from .leftovers import leftovers
from .platforms import ARCHITECTURES, version
from .sizes import UNPACKED, ZIPPED, heaviest, megabytes, total

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Any

    from .entries import Entry
    from .platforms import Platform

_SHOWN = 3
"""Names that are shown of many."""

_BAD = (Bytecode.MISSING, Bytecode.STALE, Bytecode.FOREIGN, Bytecode.CHANGED)


def add(commands: Any) -> None:
    """Add the subcommand to a parser's subparsers."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "check",
        help="tell whether cold starts of a package compile it",
        description="Tell whether Lambda can use the bytecode in a package, and what else is wrong with it. The exit "
        "status is 1 where a cold start would compile, or where something cannot run.",
    )
    parser.add_argument("path", type=Path, metavar="PATH", help="a zip archive, or the folder that becomes one")
    parser.add_argument(
        "--python", metavar="X.Y", help="the function's version of Python (default: what the files show)"
    )
    parser.add_argument("--arch", choices=sorted(ARCHITECTURES), help="its architecture (default: what the files show)")
    parser.set_defaults(run=run)


def run(options: argparse.Namespace) -> int:
    """Look at a package and print what was found. Return the exit code: 1 where there is something to mend.

    Raises:
        PackagingError: it cannot be read.
    """
    entries = of(options.path)
    platform = guess(entries, version(options.python) if options.python else None, options.arch)
    zipped = options.path.stat().st_size if zipfile.is_zipfile(options.path) else None
    print(f"{options.path}: for {platform}")
    wrong = [
        *_bytecode(options.path, entries, platform),
        *misfits(entries, platform),
        *_sizes(entries, zipped),
    ]
    _remarks(entries)
    for line in wrong:
        print(f"  wrong: {line}")
    if not wrong:
        print("  nothing is wrong")
    return 1 if wrong else 0


def _bytecode(path: Path, entries: Sequence[Entry], platform: Platform) -> list[str]:
    is_archive = path.is_file()
    found = states(entries, platform, magic_number(platform))
    counts = Counter(found.values())
    good = counts[Bytecode.GOOD] + (counts[Bytecode.DATED] if is_archive else 0)
    print(f"  {good:,} of {len(found):,} modules have bytecode that Lambda will use")
    wrong = [
        f"{counts[state]:,} with {state.value}: {_some([name for name, its in found.items() if its is state])}"
        for state in _BAD
        if counts[state]
    ]
    if counts[Bytecode.DATED] and not is_archive:
        # SAM dates all entries 1980, and others do alike: the folder's dates are not the function's.
        wrong.append(f"{counts[Bytecode.DATED]:,} with {Bytecode.DATED.value}, as sam, cdk and others do not")
    elif counts[Bytecode.DATED]:
        print(f"  of them {counts[Bytecode.DATED]:,} by their date: another packer may set it, and they are stale")
    if wrong:
        wrong[-1] += f". Run: bridge package --finish {path}"
    return wrong


def _sizes(entries: Sequence[Entry], zipped: int | None) -> list[str]:
    size = total(entries)
    print(f"  {len(entries):,} files, {megabytes(size)} unpacked of {megabytes(UNPACKED)}; {heaviest(entries)}")
    if zipped is not None:
        print(f"  {megabytes(zipped)} zipped of {megabytes(ZIPPED)} for a direct upload")
    wrong = []
    if size > UNPACKED:
        wrong.append(f"{megabytes(size)} unpacked: Lambda takes {megabytes(UNPACKED)}, with all layers")
    if zipped is not None and zipped > ZIPPED:
        print("  it has to be uploaded by way of S3, as sam and cdk do")
    return wrong


def _remarks(entries: Sequence[Entry]) -> None:
    files = {entry.name: entry for entry in entries}
    idle = leftovers(entry for entry in entries if not is_cache(entry.name))
    if idle:
        counts = Counter(idle.values())
        size = sum(files[name].size for name in idle)
        kinds = ", ".join(f"{reason} ({count})" for reason, count in sorted(counts.items()))
        print(f"  {megabytes(size)} never run: {kinds}")


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return ", ".join(sorted(names)[:_SHOWN]) + more
