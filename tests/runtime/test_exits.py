"""What is said when the app ends the process."""

import re
import signal

import pytest

from bridge.runtime._exits import ReportedExit, exited

from ..samples import sample
from .api import RuntimeApi
from .conftest import Runtimes


@pytest.mark.parametrize(
    ("target", "code", "said", "where"),
    [
        ("plain.exits", 7, "SystemExit(7)", "in exits"),
        ("asgi.leaves", 3, "SystemExit(3)", "in leaving"),
        ("leaving.handler", 1, "SystemExit('no configuration')", "in <module>"),
    ],
)
def test_an_app_that_ends_the_process_is_named_in_a_line(
    target: str, code: int, said: str, where: str, api: RuntimeApi, runtime: Runtimes
) -> None:
    process = runtime(target)
    if target != "leaving.handler":
        api.invoke(sample("http_api"))
    assert process.code() == code
    pattern = (
        rf"bridge\.runtime: the app has ended the process by {re.escape(said)}, at \S+\.py:\d+, {re.escape(where)}\."
    )
    assert re.search(pattern, process.output), process.output


@pytest.mark.parametrize("ended", [SystemExit(), SystemExit(0), SystemExit(128 + signal.SIGTERM), ReportedExit(64)])
def test_an_end_that_is_meant_is_not_talked_about(ended: SystemExit, capsys: pytest.CaptureFixture[str]) -> None:
    exited(ended)
    assert capsys.readouterr().err == ""


def test_an_end_from_nowhere_is_told_of(capsys: pytest.CaptureFixture[str]) -> None:
    exited(SystemExit(5))
    assert "SystemExit(5), at an unknown place" in capsys.readouterr().err
