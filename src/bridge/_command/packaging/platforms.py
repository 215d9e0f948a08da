"""Where a function runs: a version of Python on an architecture.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtimes.html
"""

from __future__ import annotations

import importlib.util
import re
import sys
from dataclasses import dataclass

from .errors import PackagingError

ARCHITECTURES = {"arm64": "aarch64", "x86_64": "x86_64"}
"""Lambda's names, and those of Linux."""

MAGIC_NUMBERS = {"3.11": 3495, "3.12": 3531, "3.13": 3571, "3.14": 3627}
"""What the bytecode of a version begins with. It is final from the last release candidate on.

CPython, Include/internal/pycore_magic_number.h (up to 3.13: Lib/importlib/_bootstrap_external.py).
"""

_ELF_MACHINES = {62: "x86_64", 183: "arm64"}
_AMAZON_LINUX_2 = 26
_AMAZON_LINUX_2023 = 34
_OLDEST_GLIBC = 5

RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
"""The version of the Python that runs this."""


@dataclass(frozen=True)
class Platform:
    """A version of Python on an architecture.

    Attributes:
        python: "3.13", for instance.
        architecture: "arm64" or "x86_64".
    """

    python: str
    architecture: str

    @property
    def cache_tag(self) -> str:
        """Return what is in the name of a file with bytecode: "cpython-313"."""
        return "cpython-" + self.python.replace(".", "")

    @property
    def magic_number(self) -> bytes | None:
        """Return the four bytes that bytecode begins with; None where they are not known here."""
        if self.python == RUNNING:
            return importlib.util.MAGIC_NUMBER
        number = MAGIC_NUMBERS.get(self.python)
        return None if number is None else number.to_bytes(2, "little") + b"\r\n"

    @property
    def glibc(self) -> int:
        """Return the minor version of glibc 2 there: Python 3.11 is on Amazon Linux 2, all later ones on 2023."""
        return _AMAZON_LINUX_2 if self.python == "3.11" else _AMAZON_LINUX_2023

    @property
    def wheel_platforms(self) -> list[str]:
        """Return the platform tags of the wheels that run there, the best one first (PEP 600)."""
        machine = ARCHITECTURES[self.architecture]
        legacy = {17: "manylinux2014", 12: "manylinux2010", 5: "manylinux1"}
        tags = []
        for minor in range(self.glibc, _OLDEST_GLIBC - 1, -1):
            tags.append(f"manylinux_2_{minor}_{machine}")
            if minor in legacy and (machine == "x86_64" or minor == 17):
                tags.append(f"{legacy[minor]}_{machine}")
        return [*tags, f"linux_{machine}"]

    def __str__(self) -> str:
        """Return it as a person would say it."""
        return f"Python {self.python} on {self.architecture}"


def version(text: str) -> str:
    """Return a version of Python that is written as "3.13"; "python3.13", as Lambda writes it, is taken too.

    Raises:
        PackagingError: it is something else.
    """
    found = re.fullmatch(r"(?:python)?(3\.\d{1,2})", text)
    if not found:
        raise PackagingError(f"--python is a version such as 3.13, not {text!r}")
    return found[1]


def elf_architecture(head: bytes) -> str | None:
    """Return the architecture of a shared library by its first 20 bytes; None: it is no library for Linux (elf(5))."""
    if head[:4] != b"\x7fELF" or len(head) < 20:
        return None
    machine = int.from_bytes(head[18:20], "little")
    return _ELF_MACHINES.get(machine, f"machine {machine}")
