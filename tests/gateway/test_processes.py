"""Handlers in processes of their own."""

import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bridge.errors import ConfigurationError
from bridge.gateway import LambdaContext, ProcessError, Processes
from bridge.gateway._process import Process
from bridge.gateway._process_main import Answers, work
from bridge.gateway._processes import ROUTINGS, Routing

from .behind import SECONDS, behind, received

MODULE = "tests.gateway.in_processes"


def ask(processes: Processes, event: Any, seconds: float = 30) -> Any:
    return processes(event, LambdaContext("r-1", seconds))


def process_of(processes: Processes, event: Any) -> int:
    found: int = ask(processes, event)["process"]
    return found


@pytest.fixture(scope="module")
def running() -> Iterator[dict[Routing, Processes]]:
    """Three processes of each routing."""
    found: dict[Routing, Processes] = {routing: Processes(f"{MODULE}:handler", 3, routing) for routing in ROUTINGS}
    yield found
    for processes in found.values():
        processes.close()


@pytest.fixture
def three(running: dict[Routing, Processes]) -> Processes:
    return running["turn"]


def message(identifier: object) -> dict[str, Any]:
    return {"requestContext": {"connectionId": identifier}}


identifiers = st.lists(st.text(min_size=1), min_size=6, max_size=12)


@settings(max_examples=10)
@given(identifiers)
def test_in_turn(running: dict[Routing, Processes], identifiers: list[str]) -> None:
    found = [process_of(running["turn"], message(identifier)) for identifier in identifiers]
    assert len(set(found[:3])) == 3
    assert all(process == found[number % 3] for number, process in enumerate(found))


@settings(max_examples=10)
@given(identifiers)
def test_sticky(running: dict[Routing, Processes], identifiers: list[str]) -> None:
    found = {(identifier, process_of(running["sticky"], message(identifier))) for identifier in identifiers * 2}
    assert len(found) == len(set(identifiers))


@pytest.mark.parametrize("routing", ROUTINGS)
@pytest.mark.parametrize("event", [{}, {"requestContext": {}}, {"requestContext": None}, [], message(None)])
def test_every_process_gets_events(running: dict[Routing, Processes], routing: Routing, event: Any) -> None:
    found = {process_of(running[routing], event) for _ in range(3 if routing == "sticky" else 60)}
    assert len(found) == 3
    assert os.getpid() not in found


def test_sticky_connections_are_spread() -> None:
    processes = Processes("app:handler", 3, "sticky")
    assert {processes._next(message(str(number))) for number in range(50)} == {0, 1, 2}


def test_several_threads_have_several_processes(three: Processes) -> None:
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda number: ask(three, {"number": number}), range(60)))
    assert [answer["event"]["number"] for answer in found] == list(range(60))


def test_event_and_context_arrive(three: Processes) -> None:
    answer = ask(three, {"ä": [1, None], "line": "a\nb"}, 9)
    assert answer["event"] == {"ä": [1, None], "line": "a\nb"}
    assert answer["request_id"] == "r-1"
    assert 1000 < answer["milliseconds"] <= 9000
    assert answer["path"] == sys.path
    assert answer["arguments"] == 1


def test_standard_input_is_not_the_handlers(three: Processes) -> None:
    assert ask(three, {"do": "read"}) == ""


def test_what_the_handler_prints_is_on_standard_error(capfd: pytest.CaptureFixture[str]) -> None:
    processes = Processes(f"{MODULE}:handler", 1)
    ask(processes, {})
    processes.close()
    assert capfd.readouterr() == ("", "printed\n")


def test_what_bridge_logs_is_there_as_it_is_without_processes(capfd: pytest.CaptureFixture[str]) -> None:
    processes = Processes(f"{MODULE}:handler", 1)
    ask(processes, {"do": "log"})
    processes.close()
    out, err = capfd.readouterr()
    assert out == ""
    first, second = err.splitlines()
    assert first.startswith("[WARNING]\t")
    assert first.endswith("\tlogged")
    assert second == "printed"


@pytest.mark.parametrize(
    ("event", "text"),
    [
        ({"do": "raise"}, "in handler\n    raise KeyError(\"mistäke\")\nKeyError: 'mistäke'\n"),
        ({"do": "bytes"}, "TypeError: Object of type bytes is not JSON serializable"),
        ({"do": "surrogate"}, "UnicodeEncodeError"),
    ],
)
def test_handler_that_raises(three: Processes, event: Any, text: str) -> None:
    with pytest.raises(ProcessError) as failed:
        ask(three, event)
    assert text in str(failed.value)
    assert ask(three, {})


# The end of a process


@pytest.fixture
def one() -> Iterator[Processes]:
    processes = Processes(f"{MODULE}:handler", 1)
    yield processes
    processes.close()


@pytest.mark.parametrize(("do", "code"), [("exit", 3), ("die", 4)])
def test_process_that_ends_is_reported_and_replaced(one: Processes, do: str, code: int) -> None:
    before = process_of(one, {})
    with pytest.raises(ProcessError, match=f"ended, with exit code {code}, before it had a result"):
        ask(one, {"do": do})
    assert process_of(one, {}) != before


def test_process_that_takes_too_long_is_killed_and_replaced(one: Processes) -> None:
    before = process_of(one, {})
    with pytest.raises(ProcessError, match="the function's time was over, and its process has been killed"):
        ask(one, {"do": "hang"}, 0.1)
    assert process_of(one, {}) != before
    with pytest.raises(ProcessLookupError):
        os.kill(before, 0)


def test_process_that_ends_between_two_events_is_replaced(one: Processes) -> None:
    before = process_of(one, {})
    os.kill(before, signal.SIGKILL)
    os.waitid(os.P_PID, before, os.WEXITED | os.WNOWAIT)
    assert process_of(one, {}) != before


def test_interrupt_is_left_to_the_gateway(one: Processes) -> None:
    before = process_of(one, {})
    os.kill(before, signal.SIGINT)
    assert process_of(one, {}) == before


def test_close_runs_the_apps_shutdown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(notes))
    processes = Processes(f"{MODULE}:app", 2)
    event = {"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": {}, "isBase64Encoded": False}
    event["requestContext"] = {"http": {"method": "GET", "path": "/", "protocol": "HTTP/1.1", "sourceIp": "1.1.1.1"}}
    assert len({ask(processes, event)["body"] for _ in range(2)}) == 2
    processes.close()
    assert notes.read_text() == "stopped\n" * 2
    processes.close()
    assert notes.read_text() == "stopped\n" * 2


def test_close_waits_for_an_event_for_so_long_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = tmp_path / "notes"
    monkeypatch.setenv("NOTES", str(notes))
    monkeypatch.setattr("bridge.gateway._process.END_SECONDS", 0.1)
    processes = Processes(f"{MODULE}:handler", 1)
    processes.start()
    failures: list[str] = []

    def hang() -> None:
        try:
            ask(processes, {"do": "hang"})
        except ProcessError as error:
            failures.append(str(error))

    thread = threading.Thread(target=hang)
    thread.start()
    while not notes.exists():
        thread.join(0.01)
    processes.close()
    thread.join(SECONDS)
    assert len(failures) == 1
    assert process_of(processes, {})  # it starts again
    processes.close()


# Handlers that are not there


@pytest.mark.parametrize(
    ("target", "text"),
    [
        ("app", "'app' is not MODULE:HANDLER"),
        (f"{MODULE}:absent", "has no 'absent'"),
        (f"{MODULE}:seen", "cannot be called"),
    ],
)
def test_target_that_cannot_be_run(target: str, text: str) -> None:
    processes = Processes(target, 1)
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=text):
            ask(processes, {})


def test_module_that_fails_to_import(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "broken.py").write_text("raise SystemExit(5)")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ProcessError, match="ended, with exit code 5, before it had loaded it"):
        Processes("broken:handler").start()


def test_module_that_has_become_broken_is_the_next_events_trouble(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "changing.py"
    module.write_text("import sys\ndef handler(event, context):\n    sys.exit()\n")
    monkeypatch.syspath_prepend(tmp_path)
    processes = Processes("changing:handler", 1)
    processes.start()
    module.write_text("def renamed(event, context): ...\n")
    with pytest.raises(ProcessError, match="exit code 0"):
        ask(processes, {})
    with pytest.raises(ConfigurationError, match="has no 'handler'"):
        ask(processes, {})
    processes.close()


@pytest.mark.parametrize(("arguments", "text"), [((0,), "count"), ((2, "nearest"), "'nearest'")])
def test_argument_that_cannot_work(arguments: Any, text: str) -> None:
    with pytest.raises(ConfigurationError, match=text):
        Processes("app:handler", *arguments)


# Inside


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.text(), st.none() | st.integers() | st.text()), max_size=5))
def test_worker_answers_line_by_line(events: list[dict[str, Any]]) -> None:
    jobs = [json.dumps({"event": event, "request_id": "r", "seconds": 1}).encode() + b"\n" for event in events]
    answers = io.BytesIO()
    assert work(f"{__name__}:same", io.BytesIO(b"".join(jobs)), Answers(answers)) == 0
    lines = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert lines == [{"ready": True}, *({"result": event} for event in events)]


def same(event: Any, context: Any) -> Any:
    return event


def test_worker_without_a_handler() -> None:
    answers = io.BytesIO()
    assert work(f"{__name__}:absent", io.BytesIO(), Answers(answers)) == 2
    assert "has no 'absent'" in json.loads(answers.getvalue())["refused"]


def test_process_that_has_ended_is_told_nothing() -> None:
    process = Process(f"{MODULE}:handler")
    process.wait_until_ready()
    process.end()
    assert process.has_ended()
    with pytest.raises(ProcessError, match="ended, with exit code 0"):
        process.result({}, LambdaContext("r", 1))


# Behind a WebSocket API


def test_no_message_of_a_burst_is_lost() -> None:
    processes = Processes(f"{MODULE}:count", 3)
    options = {"concurrency": 3, "route_response": True}
    with behind(processes, **options) as api, api.client() as first, api.client() as second:
        for number in range(100):
            first.send(f"first {number}")
            second.send(f"second {number}")
        answers = [received(client) for client in (first, second) for _ in range(100)]
    bodies = [answer["body"] for answer in answers]
    assert sorted(bodies[:100]) == sorted(f"first {number}" for number in range(100))
    assert sorted(bodies[100:]) == sorted(f"second {number}" for number in range(100))
    by_process = {answer["process"]: answer["seen"] for answer in answers}
    assert len(by_process) == 3


@pytest.mark.parametrize(("routing", "seen"), [("turn", [1, 1, 2, 2]), ("sticky", [1, 2, 3, 4])])
def test_memory_of_one_process_is_not_the_others(routing: Routing, seen: list[int]) -> None:
    processes = Processes(f"{MODULE}:count", 2, routing)
    with behind(processes, route_response=True) as api, api.client() as client:
        answers = []
        for body in "abcd":
            client.send(body)
            answers.append(received(client))
    assert [answer["seen"] for answer in answers] == seen
