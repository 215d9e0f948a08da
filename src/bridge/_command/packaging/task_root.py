"""A function's folder as Lambda has it in `/var/task`: nobody can write to it, and it is with or without bytecode."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from platform import machine
from typing import TYPE_CHECKING

from .archive import write_folder
from .entries import of_folder, unpack
from .errors import PackagingError
from .extensions import guess, misfits
from .interpreter import find
from .platforms import ARCHITECTURES, Platform
from .project import own_files

if TYPE_CHECKING:
    from types import TracebackType

WITHOUT = "without bytecode"
WITH = "with bytecode"
SHIPPED = "as it is"

_DATE = 315_532_800
"""The year 1980, in seconds since 1970: SAM and others give it to all files."""

_NOT_INHERITED = ("COVERAGE_", "LAMBDA_", "PYTHONDONTWRITEBYTECODE", "PYTHONPYCACHEPREFIX", "_HANDLER")
_MEMORY = "1769"
"""Megabytes that have one vCPU.

https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html
"""


class TaskRoot:
    """A copy of a function's folder, which lives as long as the `with` block.

    Args:
        path: a project, whose needs are installed for the Python that runs this; or what is deployed, a folder with
            all that it needs or a zip archive.
        scratch: an empty folder.

    Attributes:
        folder: the copy.
        is_complete: whether it has all that the function needs.
        python: the interpreter that runs it.

    Raises:
        PackagingError: it is for another kind of machine than this one, or for a Python that is not here.
    """

    def __init__(self, path: Path, scratch: Path) -> None:
        if not path.exists():
            raise PackagingError(f"there is no {str(path)!r}")
        self.folder = scratch / "task"
        self.folder.mkdir()
        self.is_complete = path.is_file() or any(path.glob("*.dist-info"))
        self.python = sys.executable
        self._all = scratch / "all"
        self._library = scratch / "library"
        if self.is_complete:
            unpack(path, self.folder)
            if path.is_dir():
                for file in self.folder.rglob("*"):
                    os.utime(file, (_DATE, _DATE))
            self.python = self._interpreter(path)
        else:
            write_folder(own_files(path, ()), self.folder)

    def _interpreter(self, path: Path) -> str:
        entries = of_folder(self.folder)
        names = {system: name for name, system in ARCHITECTURES.items()}
        here = names.get(machine(), machine())
        made = guess(entries, None, None)
        if made.architecture != here and any(entry.name.endswith(".so") for entry in entries):
            raise PackagingError(
                f"{str(path)!r} is for {made.architecture}, and this machine is {here}: package it with --arch {here} "
                "to time it here"
            )
        wrong = misfits(entries, Platform(made.python, made.architecture))
        if wrong:
            raise PackagingError(f"{str(path)!r} cannot run: {'; '.join(wrong)}")
        return find(made)

    def __enter__(self) -> TaskRoot:
        """Take the right to write from everybody."""
        self._allow(0o555, 0o444)
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Make the folder writable again, so that it can be removed."""
        self._allow(0o755, 0o644)

    def _allow(self, folders: int, files: int) -> None:
        self.folder.chmod(folders | 0o200)
        for path in self.folder.rglob("*"):
            if path.is_dir():
                path.chmod(folders)
            else:
                path.chmod(files | path.stat().st_mode & 0o111)
        self.folder.chmod(folders)

    def learning(self) -> dict[str, str]:
        """Return the environment of a start that leaves the bytecode of all that it imports, for the others to use."""
        return self._variables() | {"PYTHONPYCACHEPREFIX": str(self._all)}

    def learned(self) -> None:
        """Keep what a start has left: all of it, and apart from it what is the standard library's.

        The standard library has its bytecode on Lambda, whatever a function ships.
        """
        script = "import sysconfig; print(sysconfig.get_path('stdlib'))"
        done = subprocess.run(  # noqa: S603 - a Python, with code of our own
            [self.python, "-I", "-c", script], capture_output=True, text=True, check=True
        )
        path = done.stdout.strip().lstrip("/")
        ignored = shutil.ignore_patterns("site-packages", "dist-packages")
        shutil.copytree(self._all / path, self._library / path, ignore=ignored)

    def variables(self, bytecode: str) -> dict[str, str]:
        """Return the environment of a start.

        Args:
            bytecode: WITH, WITHOUT, or SHIPPED: what lies in the folder.
        """
        found = self._variables() | {"PYTHONDONTWRITEBYTECODE": "1"}
        if bytecode != SHIPPED:
            found["PYTHONPYCACHEPREFIX"] = str(self._all if bytecode == WITH else self._library)
        return found

    def _variables(self) -> dict[str, str]:
        variables = {name: value for name, value in os.environ.items() if not name.startswith(_NOT_INHERITED)}
        path = [str(self.folder)]
        if self.is_complete:
            if not (self.folder / "bridge").is_dir():
                path.append(str(Path(__file__).parents[3]))
        elif "PYTHONPATH" in variables:
            path.append(variables["PYTHONPATH"])
        region = variables.get("AWS_REGION") or variables.get("AWS_DEFAULT_REGION") or "us-east-1"
        return variables | {
            "AWS_DEFAULT_REGION": region,
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": _MEMORY,
            "AWS_LAMBDA_FUNCTION_NAME": "coldstart",
            "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
            "AWS_REGION": region,
            "LAMBDA_TASK_ROOT": str(self.folder),
            "PYTHONPATH": os.pathsep.join(path),
        }
