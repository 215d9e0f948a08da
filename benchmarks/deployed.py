"""A function's folder as `sam build` leaves it, and as `bridge package` does, from what is installed here."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path

import bridge

SAM = "as `sam build` ships it"
PACKAGE = "as `bridge package` ships it"
WAYS = (SAM, PACKAGE)

DATE = 315_532_800
"""1980, in seconds since 1970: `sam deploy` gives it to every file."""


def deployed(way: str, names: Sequence[str], folder: Path) -> None:
    """Write a folder with distributions and all that they need, and Bridge.

    Args:
        way: one of WAYS.
        names: of the distributions. One that is not installed is left out.
        folder: may have the function's own files already.
    """
    seen: set[str] = set()
    for name in names:
        for distribution in _needed(name, seen):
            for file in distribution.files or ():
                on_top = len(file.parts) == 1  # a module, or what an editable install keeps for itself
                if ".." not in file.parts and file.suffix != ".pyc" and (not on_top or file.suffix == ".py"):
                    (folder / file).parent.mkdir(parents=True, exist_ok=True)
                    shutil.copyfile(str(distribution.locate_file(file)), folder / file)
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(bridge.__file__).parent, folder / "bridge", ignore=ignored, dirs_exist_ok=True)
    if way == PACKAGE:
        command = [sys.executable, "-m", "bridge", "package", "--finish", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise RuntimeError(done.stderr)
    for path in folder.rglob("*"):
        os.utime(path, (DATE, DATE))


def _needed(name: str, seen: set[str]) -> Iterator[metadata.Distribution]:
    """An installed distribution and those that it needs, as far as they are installed: some are for other Pythons."""
    normal = re.sub(r"[-_.]+", "-", name).lower()
    if normal in seen:
        return
    seen.add(normal)
    try:
        found = metadata.distribution(name)
    except metadata.PackageNotFoundError:
        return
    yield found
    for requirement in found.requires or ():
        if "extra ==" not in requirement:
            yield from _needed(re.split(r"[^\w.-]", requirement)[0], seen)
