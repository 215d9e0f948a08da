"""A wheel of the Bridge that runs: for a package that needs `lambda-bridge`, where no index has it.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

from ... import __version__

NAME = "lambda-bridge"

_PACKAGE = Path(__file__).parents[2]
_DATE = (1980, 1, 1, 0, 0, 0)
_TAG = "py3-none-any"
_BARE = f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {__version__}\nRequires-Dist: pybase64>=1.4\n"
"""Metadata of a Bridge that is on the import path, but not installed."""


def own_wheel(folder: Path) -> Path:
    """Write a wheel of the Bridge that runs into a folder, and return its path. The same files give the same bytes."""
    stem = f"lambda_bridge-{__version__}"
    info = f"{stem}.dist-info"
    contents = {
        f"bridge/{path.relative_to(_PACKAGE).as_posix()}": path.read_bytes()
        for path in sorted(_PACKAGE.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }
    contents[f"{info}/METADATA"] = _metadata().encode()
    contents[f"{info}/WHEEL"] = f"Wheel-Version: 1.0\nGenerator: bridge\nRoot-Is-Purelib: true\nTag: {_TAG}\n".encode()
    record = "".join(f"{name},sha256={_digest(data)},{len(data)}\n" for name, data in contents.items())
    contents[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    file = folder / f"{stem}-{_TAG}.whl"
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(zipfile.ZipInfo(name, _DATE), data)
    return file


def _metadata() -> str:
    try:
        installed = distribution(NAME)
    except PackageNotFoundError:
        return _BARE
    # Another version may be installed than the one that is first on the import path.
    text = installed.read_text("METADATA") if installed.version == __version__ else None
    return text or _BARE


def _digest(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
