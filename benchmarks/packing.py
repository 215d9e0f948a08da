"""`python -m benchmarks.packing`: what each way to pack a function is worth in a cold start.

One example, one folder for each way, and starts in turn. The time is processor time of a new process from its begin to
the answer of the first event.
"""

from __future__ import annotations

import compileall
import os
import py_compile
import random
import shutil
import statistics
import sys
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from . import cold
from .contender import BRIDGE
from .deployed import DATE, PACKAGE, SAM
from .shipped import Example, launch, write
from .table import Table, seconds

STARTS = 15

Mode = py_compile.PycInvalidationMode


@dataclass(frozen=True)
class Packing:
    """A way to pack.

    Attributes:
        title: for the table.
        prepare: makes it of a folder that has no bytecode; None: `bridge package` makes the folder.
        options: of Python.
        prelude: runs before the import.
    """

    title: str
    prepare: Callable[[Path], None] | None
    options: tuple[str, ...] = ()
    prelude: str = ""


def _compiled(mode: Mode, optimize: int = 0, beside: bool = False) -> Callable[[Path], None]:
    def prepare(folder: Path) -> None:
        compileall.compile_dir(folder, quiet=2, invalidation_mode=mode, optimize=optimize, legacy=beside)

    return prepare


def _dated(folder: Path) -> None:
    for path in folder.rglob("*"):
        path.touch()  # as an installation leaves it
    _compiled(Mode.TIMESTAMP)(folder)


def _without_sources(folder: Path) -> None:
    _compiled(Mode.UNCHECKED_HASH, beside=True)(folder)
    for source in folder.rglob("*.py"):
        if source.with_suffix(".pyc").exists():
            source.unlink()


def _in_an_archive(folder: Path) -> None:
    """Packages go into an archive, but for those that cannot be loaded from it: with libraries, or no `__init__`."""
    _without_sources(folder)
    with zipfile.ZipFile(folder / "modules.zip", "w") as archive:
        for top in sorted(folder.iterdir()):
            if (top / "__init__.pyc").exists() and not any(top.rglob("*.so")):
                for file in sorted(top.rglob("*")):
                    archive.write(file, file.relative_to(folder))
                shutil.rmtree(top)


FIRST = Packing("bytecode with unchecked hashes (`bridge package`)", None)
PACKINGS = (
    Packing("no bytecode (`sam build`)", lambda folder: None),
    Packing("bytecode with dates, and then all files dated 1980", _dated),
    Packing("bytecode with checked hashes", _compiled(Mode.CHECKED_HASH)),
    FIRST,
    Packing("no docstrings, no asserts (`-OO`)", _compiled(Mode.UNCHECKED_HASH, optimize=2), ("-OO",)),
    Packing("no sources", _without_sources),
    Packing("modules in one archive (zipimport)", _in_an_archive, (), "sys.path.insert(1, folder + '/modules.zip')"),
    Packing("collector off while importing", None, (), "import gc; gc.disable()"),
    Packing("standard library not frozen", None, ("-X", "frozen_modules=off")),
)


def times(example: Example, starts: int) -> dict[str, list[float]]:
    """Seconds of each start, by the title of the packing."""
    found: dict[str, list[float]] = {packing.title: [] for packing in PACKINGS}
    with tempfile.TemporaryDirectory() as scratch:
        folders = {packing.title: Path(scratch, str(number)) for number, packing in enumerate(PACKINGS)}
        for packing in PACKINGS:
            folder = folders[packing.title]
            write(SAM if packing.prepare else PACKAGE, example, {BRIDGE: "app_0"}, folder)
            if packing.prepare:
                packing.prepare(folder)
                for path in folder.rglob("*"):
                    os.utime(path, (DATE, DATE))
            launch(folder, "app_0", packing.options, packing.prelude)  # not timed: now the files have been read
        draw = random.Random(0)
        for _ in range(starts):
            for packing in draw.sample(PACKINGS, len(PACKINGS)):
                line = launch(folders[packing.title], "app_0", packing.options, packing.prelude)
                found[packing.title].append(line[2])
    return found


def table(starts: int = STARTS) -> Table:
    """Medians, and the median of what a start takes of one with `bridge package` in the same round."""
    columns = [times(example, starts) for example in cold.EXAMPLES.values()]
    cells = []
    for packing in PACKINGS:
        line = [packing.title]
        for column in columns:
            own, first = column[packing.title], column[FIRST.title]
            ratio = statistics.median(mine / other for mine, other in zip(own, first, strict=True))
            line.append(f"{seconds(statistics.median(own))} ({ratio:.2f}×)")
        cells.append(line)
    return Table("A cold start, by packing", ["", *cold.EXAMPLES], list(cells))


if __name__ == "__main__":
    made = table()
    print(made.text())
    print(made.markdown())
    print(f"{STARTS} starts of each, CPython {sys.version.split()[0]}")
