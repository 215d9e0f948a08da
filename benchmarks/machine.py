"""Where the figures come from: the machine, Python, and what was installed."""

from __future__ import annotations

import os
import platform
from importlib import metadata
from pathlib import Path

PACKAGES = (
    "lambda-bridge",
    "pybase64",
    "mangum",
    "asgi-aws",
    "apig-wsgi",
    "serverless-wsgi",
    "a2wsgi",
    "awslambdaric",
    "uvicorn",
    "uvloop",
    "starlette",
    "fastapi",
    "pydantic",
    "flask",
    "werkzeug",
)


def described() -> dict[str, str]:
    """The machine and every version that matters."""
    from bridge import __version__

    found = {
        "cpu": _cpu(),
        "cores": str(os.cpu_count()),
        "os": f"{platform.system()} {platform.release()} {platform.machine()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }
    for package in PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = "not installed"
    found["lambda-bridge"] = __version__
    return found


def text(machine: dict[str, str]) -> str:
    """All of it, in lines."""
    versions = ", ".join(f"{name} {machine[name]}" for name in PACKAGES)
    return f"{machine['cpu']}, {machine['cores']} cores, {machine['os']}, {machine['python']}\n{versions}"


def _cpu() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
