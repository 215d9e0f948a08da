"""The workflows on GitHub: what runs there is pinned, may do little, and is what runs here."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parent.parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))


def jobs(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(file.read_text("utf-8"))["jobs"]
    return found


def test_there_are_workflows() -> None:
    assert {file.stem for file in WORKFLOWS} == {"release", "tests"}


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_every_action_is_pinned_by_its_commit(file: Path) -> None:
    steps = [step for job in jobs(file).values() for step in job["steps"] if "uses" in step]
    assert steps
    for step in steps:
        assert re.fullmatch(r"[\w-]+/[\w-]+@[0-9a-f]{40}", step["uses"])
        if step["uses"].startswith("actions/checkout"):
            assert step["with"]["persist-credentials"] is False


@pytest.mark.parametrize("file", WORKFLOWS, ids=lambda file: file.name)
def test_a_job_may_read_the_sources_and_no_more_but_for_the_publisher(file: Path) -> None:
    assert yaml.safe_load(file.read_text("utf-8"))["permissions"] == {}
    for name, job in jobs(file).items():
        assert job["permissions"] == ({"id-token": "write"} if name == "publish" else {"contents": "read"})
        assert job["timeout-minutes"] <= 90


def test_what_has_to_pass_there_is_what_has_to_pass_here() -> None:
    (tests, release) = (jobs(ROOT / f".github/workflows/{name}.yml") for name in ("tests", "release"))
    for job in (tests["linux"], release["build"]):
        assert "bash .ci/run" in [step.get("run") for step in job["steps"]]
