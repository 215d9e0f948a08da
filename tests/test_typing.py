"""The public annotations, as mypy and pyright see them: what users write is accepted, what cannot work is not."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

import pytest

ROOT = Path(__file__).parents[1]
ACCEPTED = ROOT / "tests" / "typing" / "accepted.py"
REJECTED = ROOT / "tests" / "typing" / "rejected.py"

Errors: TypeAlias = list[tuple[Path, int, str]]


def run(*command: str | Path) -> str:
    finished = subprocess.run([sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True)
    assert finished.returncode in (0, 1), finished.stdout + finished.stderr
    return finished.stdout


def mypy(*files: Path) -> Errors:
    output = run("mypy", "--strict", "--no-pretty", "--no-error-summary", *files)
    found = re.findall(r"^(.+?):(\d+): error: (.+)", output, re.MULTILINE)
    return [(ROOT / name, int(line), text) for name, line, text in found]


def pyright(*files: Path) -> Errors:
    output = json.loads(run("pyright", "--outputjson", "--pythonpath", sys.executable, *files))
    assert output["summary"]["filesAnalyzed"] == len(files)
    return [
        (Path(found["file"]), found["range"]["start"]["line"] + 1, found["message"])
        for found in output["generalDiagnostics"]
        if found["severity"] == "error"
    ]


@pytest.fixture(params=[mypy, pyright])
def check(request: pytest.FixtureRequest) -> Callable[..., Errors]:
    checker: Callable[..., Errors] = request.param
    pytest.importorskip(checker.__name__)
    return checker


def test_right_uses_are_accepted_and_wrong_ones_rejected(check: Callable[..., Errors]) -> None:
    lines = REJECTED.read_text().splitlines()
    expected = {(REJECTED, number) for number, line in enumerate(lines, 1) if line.endswith("  # E")}
    assert len(expected) > 20
    assert {(file, line) for file, line, _ in check(ACCEPTED, REJECTED)} == expected
