"""What is said when the app ends the process."""

import json
import logging
import re
import signal

import pytest

from bridge.runtime._exits import ReportedExit, exited

from .api import RuntimeApi
from .conftest import Runtimes
from .test_failures import FAILING, both, get, started

LINE = (
    r"the app has ended the process by {said}, at {path}:\d+, in {name}\. The invocation has failed, and Lambda starts "
    r"a new process\. To fail one invocation only, raise an Exception\."
)


@both
@pytest.mark.parametrize(
    ("target", "log_format", "path", "name"),
    [
        ("failing_asgi.handler", "TEXT", "/exit", "leave"),
        ("failing_asgi.streamed", "JSON", "/exit-in-a-thread", "leave_in_a_thread"),
        ("failing_wsgi.handler", "JSON", "/exit", "leave"),
        ("failing_wsgi.on_event", "TEXT", "", "leave_by_event"),
    ],
)
def test_an_app_that_ends_the_process_leaves_one_line(
    target: str, log_format: str, path: str, name: str, runtime_name: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = started(runtime, runtime_name, target, log_format)
    api.invoke(get(path) if path else {"Records": []})
    assert process.code() == 3
    (text,) = process.output.splitlines()
    if log_format == "JSON":
        line = json.loads(text)
        assert (line["level"], line["logger"], line["requestId"]) == ("ERROR", "bridge", "id-1")
        text = line["message"]
    where = f"{re.escape(str(FAILING))}_\\w+\\.py"
    assert re.search(LINE.format(said=r"SystemExit\(3\)", path=where, name=name) + "$", text), text


@pytest.mark.parametrize(
    ("target", "code", "said", "name"),
    [
        ("plain.exits", 7, r"SystemExit\(7\)", "exits"),
        ("leaving.handler", 1, r"SystemExit\('no configuration'\)", "<module>"),
    ],
)
def test_so_does_a_handler_of_its_own_and_an_import(
    target: str, code: int, said: str, name: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(target)
    if target == "plain.exits":
        api.invoke({})
    assert process.code() == code
    assert re.search(LINE.format(said=said, path=r"\S+\.py", name=name), process.output), process.output
    assert process.output.count("SystemExit") == 1


@pytest.mark.parametrize("end", [SystemExit(), SystemExit(0), SystemExit(128 + signal.SIGTERM), ReportedExit(64)])
def test_an_end_that_is_meant_is_not_talked_about(end: SystemExit, caplog: pytest.LogCaptureFixture) -> None:
    exited(end)
    assert not caplog.records


def test_an_end_from_nowhere_is_told_of_once(caplog: pytest.LogCaptureFixture) -> None:
    end = SystemExit(5)
    exited(end)
    exited(end)
    (record,) = caplog.records
    assert "SystemExit(5), at an unknown place" in record.getMessage()
    assert record.levelno == logging.ERROR
