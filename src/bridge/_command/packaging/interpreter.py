"""An interpreter of the function's version: bytecode of one version of Python is nothing to another."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from . import compiler
from .errors import PackagingError
from .platforms import RUNNING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .platforms import Platform

_PROBE = (
    "import importlib.util, sys; "
    "print('%d.%d' % sys.version_info[:2], importlib.util.MAGIC_NUMBER.hex(), sys.implementation.cache_tag)"
)
_PROCESSES = 4
"""How many processes share the files. The same number everywhere: see `compile_folder`."""


def find(platform: Platform) -> str:
    """Return the path of an interpreter that makes bytecode for a platform.

    Looked at are this one, `pythonX.Y` on PATH, and what pyenv and uv have installed.

    Raises:
        PackagingError: there is none.
    """
    python = platform.python
    rejected = []
    for candidate in _candidates(python):
        said = _said(candidate)
        if said[:1] != [python] or said[2:] != [platform.cache_tag]:
            continue
        if platform.magic_number in (None, bytes.fromhex(said[1])):
            return candidate
        rejected.append(candidate)
    if rejected:
        raise PackagingError(
            f"{rejected[0]} is a preview of Python {python}: Lambda cannot use its bytecode. Install a release"
        )
    raise PackagingError(
        f"bytecode for Python {python} takes a Python {python}, and there is none here: neither this one ({RUNNING}), "
        f"nor python{python} on PATH, nor in pyenv or uv. Install it, for instance by: uv python install {python}"
    )


def magic_number(platform: Platform) -> bytes:
    """Return what bytecode begins with on a platform.

    Raises:
        PackagingError: that is not known, and there is no interpreter that could say it.
    """
    known = platform.magic_number
    return known if known is not None else bytes.fromhex(_said(find(platform))[1])


def _candidates(python: str) -> Iterator[str]:
    if python == RUNNING:
        yield sys.executable
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        found = shutil.which(f"python{python}", path=folder) if folder else None
        if found:
            yield found
    versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    yield from map(str, sorted(versions.glob(f"{python}.*/bin/python"), reverse=True))
    uv = shutil.which("uv")
    if uv:
        command = [uv, "python", "find", "--no-project", "--no-python-downloads", python]
        found = _output(command).strip()
        if found:
            yield found


def _said(candidate: str) -> list[str]:
    """Return version, magic number and cache tag of an interpreter; nothing, where it does not run (pyenv's shims)."""
    return _output([candidate, "-I", "-S", "-c", _PROBE]).split()


def _output(command: list[str]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)  # noqa: S603 - Pythons, uv
        return done.stdout
    except (OSError, subprocess.SubprocessError):
        return ""


def compile_folder(interpreter: str, folder: Path, names: list[str], prefix: str) -> dict[str, str]:
    """Compile the files of a folder, and return what could not be compiled: the reasons by name.

    The same files give the same bytes. What marshal writes depends on what a process has compiled before (it marks
    objects that are referred to more than once, and names are shared), so each process has a fixed share in a fixed
    order, and nothing but its share: no site-packages, no random hashes.

    Args:
        interpreter: its path.
        folder: the folder.
        names: of the files in it.
        prefix: where the folder will be, for tracebacks.

    Raises:
        PackagingError: the interpreter has failed.
    """
    names = sorted(names)
    shares = [names[start::_PROCESSES] for start in range(_PROCESSES)]
    with ThreadPoolExecutor(min(_PROCESSES, os.cpu_count() or 1)) as pool:
        done = pool.map(lambda share: _compile(interpreter, folder, share, prefix), shares)
        return {name: reason for errors in done for name, reason in errors.items()}


def _compile(interpreter: str, folder: Path, names: list[str], prefix: str) -> dict[str, str]:
    order = json.dumps({"root": str(folder), "names": names, "prefix": prefix})
    command = [interpreter, "-s", "-S", "-P", "-B", compiler.__file__]
    variables = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    variables["PYTHONHASHSEED"] = "0"
    done = subprocess.run(  # noqa: S603 - a Python that `find` has found
        command, input=order, capture_output=True, text=True, check=False, env=variables
    )
    if done.returncode:
        raise PackagingError(f"{interpreter} could not compile: {done.stderr.strip()[-500:]}")
    errors: dict[str, str] = json.loads(done.stdout)
    return errors
