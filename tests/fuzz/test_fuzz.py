"""The fuzzer's targets, for as many inputs as the suite has time for; and all that has ever been found."""

import json
import logging
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from ..samples import sample
from . import apps, events
from .__main__ import CASES, TARGETS, attempt
from .fuzzed_random import FuzzedRandom
from .mutation import places

INPUTS = {"events": 500, "websockets": 200, "apps": 500, "results": 2000, "replies": 4000, "answers": 1000}
"""How many of each the suite tries: about a second's worth. `make fuzz` goes on with others."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.parametrize("name", TARGETS)
def test_random_input_has_no_outcome_but_those_that_are_allowed(name: str) -> None:
    for number in range(INPUTS[name]):
        given = TARGETS[name].make(Random(f"suite:{name}:{number}"))
        TARGETS[name].check(json.loads(json.dumps(given)))


@pytest.mark.parametrize("path", sorted(CASES.glob("*.json")), ids=lambda path: path.stem)
def test_what_was_found_once_stays_mended(path: Path) -> None:
    case = json.loads(path.read_text("utf-8"))
    TARGETS[case["target"]].check(case["input"])


@pytest.mark.parametrize("name", TARGETS)
def test_an_input_is_made_of_its_seed_alone_and_any_bytes_make_one(name: str) -> None:
    make = TARGETS[name].make
    assert make(Random("x")) == make(Random("x"))
    TARGETS[name].check(make(FuzzedRandom().feed(b"")))
    TARGETS[name].check(make(FuzzedRandom().feed(bytes(range(256)))))


def test_half_of_the_events_are_such_as_aws_might_send() -> None:
    whole = sum(events.make(Random(number))["is_whole"] for number in range(200))
    assert 50 < whole < 150


def test_apps_answer_and_break_the_protocol_both() -> None:
    statuses = set()
    for number in range(300):
        given = apps.make(Random(number))
        handler, app = apps._handler(given["interface"], given["streams"])
        app.steps = given["steps"]
        result = handler(sample(given["sample"]), None)
        statuses.add(int(result.get("statusCode") or result["status"]))
    assert {200, 500} <= statuses


def test_every_place_of_a_document_is_one() -> None:
    document = {"a": [1, {"b": 2}]}
    assert [holder[key] for holder, key in places(document)] == [[1, {"b": 2}], 1, {"b": 2}, 2]


def test_what_is_found_is_kept_once_for_each_place(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def check(given: object) -> None:
        raise ZeroDivisionError(given)

    monkeypatch.setattr("tests.fuzz.__main__.CASES", tmp_path)
    monkeypatch.setattr(events, "check", check)
    known: set[str] = set()
    assert [attempt("events", number, known) for number in range(3)] == [False, False, False]
    (kept,) = tmp_path.iterdir()
    assert json.loads(kept.read_text()) == {"target": "events", "input": 0}
    assert str(kept) in capsys.readouterr().err


def test_the_command_counts_what_it_has_tried() -> None:
    command = [sys.executable, "-m", "tests.fuzz", "--seconds", "0.2", "--seed", "7", "replies", "results"]
    run = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=Path(__file__).parents[2])
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("seed 7: ")
    assert run.stdout.endswith("; 0 found\n")
