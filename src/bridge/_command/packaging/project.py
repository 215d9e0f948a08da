"""A project: the files that are its own, and where it says what it needs."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from . import entries
from .errors import PackagingError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from .entries import Entry

_NOWHERE = (
    "*.egg-info",
    "*.env",
    "*.pyc",
    "*.tfstate",
    "*.tfstate.*",
    "*.tfvars",
    ".DS_Store",
    ".aws-sam",
    ".coverage*",
    ".eggs",
    ".env.*",
    ".git",
    ".hg",
    ".mypy_cache",
    ".nox",
    ".pytest_cache",
    ".ruff_cache",
    ".serverless",
    ".svn",
    ".terraform",
    ".tox",
    ".venv",
    "__pycache__",
    "cdk.out",
    "node_modules",
)
"""What is never shipped, in whatever folder."""

_NOT_ON_TOP = (
    ".*",
    "*.tf",
    "*.zip",
    "CHANGELOG*",
    "CONTRIBUTING*",
    "Dockerfile*",
    "Makefile",
    "Pipfile*",
    "README*",
    "cdk.json",
    "package-lock.json",
    "package.json",
    "pdm.lock",
    "poetry.lock",
    "pylock*.toml",
    "pyproject.toml",
    "requirements*.txt",
    "samconfig.*",
    "serverless.y*ml",
    "setup.cfg",
    "setup.py",
    "template.y*ml",
    "tests",
    "uv.lock",
)
"""What is not shipped where it lies in the project's folder itself."""

_LOCKS = ("poetry.lock", "pdm.lock", "Pipfile.lock")
"""Locks that neither pip nor uv reads."""


@dataclass(frozen=True)
class Needs:
    """What a project needs.

    Attributes:
        source: where that is written, for people; "" where nothing is.
        file: a requirements or lock file, or pyproject.toml; None: there is nothing.
        requirements: what pyproject.toml lists, where that is all there is to install.
        is_package: whether the project itself has to be built and installed.
    """

    source: str
    file: Path | None
    requirements: tuple[str, ...] = ()
    is_package: bool = False


def own_files(folder: Path, exclude: Iterable[str], outputs: Iterable[Path] = ()) -> list[Entry]:
    """Return the files of a project that a function may need: its code and data.

    Version control, virtual environments, secrets in `.env`, tools' folders and files, tests and documents are not.

    Args:
        folder: the project's.
        exclude: patterns (`*`, `?`) of names or paths to leave out as well.
        outputs: what is written, which may lie in the folder.
    """
    patterns = tuple(exclude)
    written = {path.resolve() for path in outputs}

    def leaves_out(name: str, path: Path) -> bool:
        top = _NOT_ON_TOP if "/" not in name else ()
        return (
            any(fnmatchcase(path.name, pattern) for pattern in (*_NOWHERE, *top))
            or any(fnmatchcase(text, pattern.rstrip("/")) for pattern in patterns for text in (path.name, name))
            or _is_for_others(path)
            or path.resolve() in written
        )

    return entries.of_folder(folder, leaves_out)


def _is_for_others(folder: Path) -> bool:
    """Return whether a folder is a virtual environment, a program of CDK's or Terraform's, or the output of a build."""
    if not folder.is_dir():
        return False
    if folder.name == "dist":
        return any(folder.glob("*.whl")) or any(folder.glob("*.tar.gz"))
    if folder.name == "build":
        return (folder / "lib").exists() or any(folder.glob("bdist.*"))
    return (folder / "pyvenv.cfg").exists() or (folder / "cdk.json").exists() or any(folder.glob("*.tf"))


def needs(folder: Path, requirements: Path | None) -> Needs:
    """Return what a project needs.

    The first of these counts: the file that was asked for, requirements.txt, pylock.toml, uv.lock, pyproject.toml.

    Args:
        folder: the project's.
        requirements: the file that was asked for.

    Raises:
        PackagingError: a file is missing, cannot be read, or is a lock of a tool that has to export it first.
    """
    pyproject = _pyproject(folder / "pyproject.toml")
    is_package = _is_package(pyproject)
    if requirements is not None and not requirements.exists():
        raise PackagingError(f"there is no {str(requirements)!r}")
    found = [requirements] if requirements else []
    found += [path for path in map(folder.joinpath, ("requirements.txt", "pylock.toml", "uv.lock")) if path.exists()]
    if found:
        return Needs(found[0].name, found[0], is_package=is_package)
    for lock in _LOCKS:
        if (folder / lock).exists():
            raise PackagingError(
                f"{lock} is read by its own tool only: export it to requirements.txt first (for instance "
                "`poetry export`, `pdm export` or `pipenv requirements`), or name a file with --requirements"
            )
    listed = tuple(pyproject.get("project", {}).get("dependencies", ()))
    if is_package or listed:
        return Needs("pyproject.toml", folder / "pyproject.toml", listed, is_package)
    return Needs("", None)


def _pyproject(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PackagingError(f"{str(path)!r} cannot be read: {error}") from None


def _is_package(pyproject: dict[str, Any]) -> bool:
    """Return whether the project is built. uv's `package` and Poetry's `package-mode` may say that it is not."""
    tool = pyproject.get("tool", {})
    return (
        "build-system" in pyproject
        and tool.get("uv", {}).get("package", True)
        and tool.get("poetry", {}).get("package-mode", True)
    )
