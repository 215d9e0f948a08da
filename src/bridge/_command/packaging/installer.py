"""Wheels for the function's platform, installed by pip or uv into a folder."""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from .distributions import normal_name
from .errors import MissingWheelError, PackagingError
from .own_wheel import NAME, own_wheel
from .platforms import ARCHITECTURES

if TYPE_CHECKING:
    from .platforms import Platform
    from .project import Needs

_EXPORTED = "exported.txt"
"""What the requirements in uv.lock are written to: uv's own form, for uv."""

_MISSING = (
    re.compile(r"No matching distribution found for ([^\s;,(]+)"),
    re.compile(r"Because ([\w.-]+)\s+was\s+not\s+found\s+in\s"),
    re.compile(r"Because ([\w.-]+)(?:[<>=!~][^ ]*)? has no (?:usable )?wheels"),
    re.compile(r"([\w.-]+)(?:[<>=!~][^ ]*)? has no (?:usable wheels|wheels with a matching)"),
)


class Installer:
    """Pip or uv.

    Args:
        platform: where the wheels are to run.
        interpreter: a Python of its version: markers such as `python_version < "3.12"` are its to answer.
    """

    def __init__(self, platform: Platform, interpreter: str) -> None:
        self._platform = platform
        self._interpreter = interpreter
        self._uv = shutil.which("uv")
        self._pip = self._find_pip()

    def install(self, needs: Needs, project: Path, folder: Path) -> None:
        """Install what a project needs, and the project itself where it is a package, into a folder.

        Pip does it, with all that it is configured to do; uv where there is no pip, and for uv.lock. Where no index has
        Bridge, the function gets the one that runs.

        Raises:
            PackagingError: there is neither, or it fails. A wheel that is missing for the platform is named.
        """
        is_locked = needs.file is not None and needs.file.name != "pyproject.toml"
        with tempfile.TemporaryDirectory() as scratch:
            if is_locked or not needs.is_package:
                file = self._requirements(needs, Path(scratch))
                self._run(folder, ["--requirement", str(file)], prefers_uv=file.name == _EXPORTED)
            if needs.is_package:
                self._run(folder, [*(["--no-deps"] if is_locked else []), str(project)])

    def _requirements(self, needs: Needs, scratch: Path) -> Path:
        """Return the file that says what to install."""
        if needs.file is None or needs.file.name == "pyproject.toml":
            listed = scratch / "requirements.txt"
            listed.write_text("".join(f"{line}\n" for line in needs.requirements), encoding="utf-8")
            return listed
        if needs.file.name == "uv.lock":
            return self._exported(needs.file.parent, scratch / _EXPORTED)
        return needs.file

    def _find_pip(self) -> list[str] | None:
        if importlib.util.find_spec("pip") is not None:
            other = [] if self._interpreter == sys.executable else ["--python", self._interpreter]
            return [sys.executable, "-m", "pip", *other]
        own = [self._interpreter, "-m", "pip"]
        done = subprocess.run([*own, "--version"], capture_output=True, check=False)  # noqa: S603 - a Python found
        if done.returncode == 0:
            return own
        return None

    def _exported(self, project: Path, file: Path) -> Path:
        if self._uv is None:
            raise PackagingError("uv.lock is read by uv only, and there is no uv on PATH: pip install uv")
        options = ["--frozen", "--no-dev", "--no-emit-project", "--no-editable", "--quiet"]
        self._call([self._uv, "export", *options, "--project", str(project), "--output-file", str(file)])
        return file

    def _run(self, folder: Path, what: list[str], prefers_uv: bool = False) -> None:
        command = [*self._command(prefers_uv), "--target", str(folder), "--only-binary", ":all:"]
        try:
            self._call([*command, *what])
        except MissingWheelError as error:
            if normal_name(re.split(r"[\[<>=!~]", error.name)[0]) != NAME:
                raise
            with tempfile.TemporaryDirectory() as scratch:
                self._call([*command, str(own_wheel(Path(scratch))), *what])
        (folder / ".lock").unlink(missing_ok=True)  # uv leaves it

    def _command(self, prefers_uv: bool) -> list[str]:
        """Return the command that installs wheels for the platform."""
        if self._uv is not None and (prefers_uv or self._pip is None):
            machine = ARCHITECTURES[self._platform.architecture]
            system = f"{machine}-manylinux_2_{17 if self._platform.glibc < 28 else self._platform.glibc}"
            options = ["--quiet", "--python", self._interpreter, "--no-compile-bytecode", "--python-platform", system]
            return [self._uv, "pip", "install", *options]
        if self._pip is not None:
            options = ["--quiet", "--disable-pip-version-check", "--no-compile", "--implementation", "cp"]
            options += ["--python-version", self._platform.python]
            options += [word for tag in self._platform.wheel_platforms for word in ("--platform", tag)]
            return [*self._pip, "install", *options]
        raise PackagingError("installing takes pip or uv, and there is neither: python -m ensurepip, or install uv")

    def _call(self, command: list[str]) -> None:
        done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - pip or uv
        if not done.returncode:
            return
        said = (done.stderr + done.stdout).strip()
        for pattern in _MISSING:
            found = pattern.search(said)
            if found:
                raise MissingWheelError(
                    f"there is no wheel of {found[1]} for {self._platform} (glibc 2.{self._platform.glibc}). Take a "
                    "version that has one, or build one on that platform and tell pip of its folder (--find-links, "
                    f"PIP_FIND_LINKS).\n{said}",
                    name=found[1],
                )
        raise PackagingError(f"{Path(command[0]).name} could not install:\n{said}")
