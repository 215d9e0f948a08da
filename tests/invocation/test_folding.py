"""Frames of frameworks are folded in tracebacks, the user's never."""

import json
import logging
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from flask import Flask
from hypothesis import given, strategies as st

from bridge import Bridge, ConfigurationError
from bridge._invocation import folding
from bridge._invocation.folding import install, shown
from bridge.runtime._fault import Fault
from bridge.runtime._logs import JsonFormatter

from ..test_imports import WSGI, imported
from .test_log import WAYS, items

fast, flask = FastAPI(), Flask("shop")
flask.config["PROPAGATE_EXCEPTIONS"] = True
logs_itself = Flask("logs_itself")


@pytest.fixture(autouse=True)
def unfolded() -> Iterator[None]:
    factory = logging.getLogRecordFactory()
    folding._names = None
    yield
    folding._names = None
    logging.setLogRecordFactory(factory)


def fails_in_a_library() -> object:
    return json.loads("{")


def with_a_cause() -> None:
    try:
        fails_in_a_library()
    except ValueError as error:
        raise RuntimeError("cannot read") from error


@fast.get("/items")
async def fast_items() -> None:
    with_a_cause()


@logs_itself.get("/items")
@flask.get("/items")
def flask_items() -> str:
    with_a_cause()
    return ""


APPS = pytest.mark.parametrize("app", [fast, flask], ids=["fastapi", "flask"])


def counted(lines: Iterable[str]) -> int:
    """How many frames the lines that stand for folded ones tell of."""
    return sum(
        int(number) for line in lines for number in re.findall(r"\.\.\. (\d+) frames? of \S.* folded \.\.\.", line)
    )


def frames(error: BaseException | None) -> list[str]:
    return [] if error is None else [frame.filename for frame in traceback.extract_tb(error.__traceback__)]


def is_of_a_framework(file: str) -> bool:
    return (
        re.search(r"/(starlette|fastapi|flask|werkzeug|anyio|asyncio|src/bridge)/", file.replace("\\", "/")) is not None
    )


@WAYS
@APPS
def test_the_log_tells_how_many_frames_there_were_and_not_which(
    app: Any, way: Any, caplog: pytest.LogCaptureFixture
) -> None:
    way(Bridge(app, lifespan="off", fold_frames=True), items(), None)
    (record,) = [record for record in caplog.records if record.name == "bridge"]
    assert record.getMessage() == "GET /items answered 500: RuntimeError: cannot read"
    text = logging.Formatter().format(record)
    for function in ("fast_items" if app is fast else "flask_items", "with_a_cause", "fails_in_a_library"):
        assert f"in {function}\n" in text
    assert "in raw_decode" in text  # where it was raised, whoever has written that
    assert not [line for line in text.splitlines() if line.startswith("  File ") and is_of_a_framework(line)]
    assert record.exc_info is not None
    ours = [file for file in frames(record.exc_info[1]) if is_of_a_framework(file)]
    assert counted(text.splitlines()) == vars(record)["foldedFrames"] == len(ours) > 2
    assert "was the direct cause" in text


@APPS
def test_a_json_line_is_folded_too(app: Any, caplog: pytest.LogCaptureFixture) -> None:
    Bridge(app, lifespan="off", fold_frames=True)(items())
    (record,) = [record for record in caplog.records if record.name == "bridge"]
    line = json.loads(JsonFormatter().format(record))
    assert line["foldedFrames"] == counted(line["stackTrace"]) > 2
    assert len(line["stackTrace"]) == 3
    assert "in with_a_cause" in line["stackTrace"][-1]
    (cause,) = line["causes"]
    assert "in fails_in_a_library" in "".join(cause["stackTrace"])


@WAYS
def test_so_is_the_error_that_lambda_gets(way: Any) -> None:
    with pytest.raises(RuntimeError) as raised:
        way(Bridge(fast, lifespan="off", errors="raise", fold_frames=True), items(), None)
    stack = Fault(raised.value).body()["stackTrace"]
    assert counted(stack) > 2
    assert not [line for line in stack if "starlette/" in line]
    assert [frame for frame in frames(raised.value) if "starlette" in frame]  # tools see them all


def test_so_is_what_a_framework_logs_itself(caplog: pytest.LogCaptureFixture) -> None:
    Bridge(logs_itself, fold_frames=True)(items())
    (record,) = caplog.records
    assert record.name == "logs_itself"
    assert vars(record)["foldedFrames"] == counted(logging.Formatter().format(record).splitlines()) > 2


def test_a_formatter_with_a_format_of_its_own_for_errors_gets_a_folded_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    Bridge(fast, lifespan="off", fold_frames=True)(items())
    formatted = OneLine().formatException(caplog.records[-1].exc_info)
    assert formatted == "fast_items > with_a_cause"


class OneLine(logging.Formatter):
    def formatException(self, ei: Any) -> str:  # noqa: N802
        return " > ".join(frame.name for frame in traceback.extract_tb(ei[2]))


def test_without_the_option_all_frames_are_there(caplog: pytest.LogCaptureFixture) -> None:
    Bridge(fast, lifespan="off")(items())
    (record,) = [record for record in caplog.records if record.name == "bridge"]
    text = logging.Formatter().format(record)
    assert "folded" not in text
    assert "starlette" in text
    assert "foldedFrames" not in vars(record)


def test_more_modules_can_be_named(caplog: pytest.LogCaptureFixture) -> None:
    Bridge(fast, lifespan="off", fold_frames=["json.decoder", __name__])(items())
    text = logging.Formatter().format(caplog.records[-1])
    assert f"of {__name__.partition('.')[0]} folded ..." in text
    assert "in fast_items" not in text
    assert "in with_a_cause" in text  # it was raised there
    assert "in loads" in text  # the package has not been named


def test_what_one_bridge_has_named_stays_folded(caplog: pytest.LogCaptureFixture) -> None:
    Bridge(fast, fold_frames=[__name__])
    factory = logging.getLogRecordFactory()
    Bridge(fast, lifespan="off", fold_frames=True)(items())
    assert logging.getLogRecordFactory() is factory
    assert "in fast_items" not in logging.Formatter().format(caplog.records[-1])


def test_a_line_without_an_error_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    install(())
    logging.getLogger("shop").error("one", exc_info=True)
    logging.getLogger("shop").error("two")
    assert [(record.exc_text, hasattr(record, "foldedFrames")) for record in caplog.records] == [
        ("NoneType: None", False),  # what caplog's own formatter has made of it
        (None, False),
    ]


@pytest.mark.parametrize("given", ["sqlalchemy", [1], {b"x"}])
def test_what_names_no_modules_is_refused(given: Any) -> None:
    with pytest.raises(ConfigurationError, match="takes True, or the names of more modules"):
        Bridge(fast, fold_frames=given)


def test_folding_is_not_imported_for_who_does_not_ask() -> None:
    code = WSGI.replace("return", "raise ValueError") + "handler(event)"
    assert "bridge._invocation.folding" not in imported(code, items())


def called_through(modules: list[str], last: Callable[[], object]) -> None:
    """Call a function through a frame in each of some modules."""
    call = last
    for number, module in enumerate(reversed(modules)):
        scope: dict[str, Any] = {"__name__": module, "call": call}
        name = f"through_{number}"  # Python shows three frames that are alike, and not the fourth
        exec(compile(f"def {name}():\n    call()\n", f"<{module}.py>", "exec"), scope)
        call = scope[name]
    call()


def divide() -> object:
    return 1 / 0


def raised_through(modules: list[str], last: Callable[[], object]) -> Exception:
    try:
        called_through(modules, last)
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


MODULES = st.sampled_from(
    ["app", "app.bridge", "starlette_app", "bridges", "bottle", "starlette.routing", "bridge", ""]
)


@given(st.lists(MODULES, max_size=12))
def test_the_users_frames_are_never_folded(modules: list[str]) -> None:
    install(())
    error = raised_through(modules, divide)
    told, count = shown(error)
    lines = told.stack.format()
    kept = [module for module in modules if module.partition(".")[0] not in ("starlette", "bridge")]
    assert [found for line in lines for found in re.findall(r'"<([^>]*)\.py>"', line)] == kept
    assert count == counted(lines) == len(modules) - len(kept)
    assert "in divide" in lines[-1]
    record = logging.getLogRecordFactory()("x", 40, "", 1, "", (), (type(error), error, error.__traceback__))
    assert record.exc_info is not None
    assert len(traceback.extract_tb(record.exc_info[2])) == len(frames(error)) - count


def test_the_frame_that_raised_is_there_whoever_has_written_it() -> None:
    install([__name__])
    lines = shown(raised_through(["starlette.routing"], divide))[0].stack.format()
    assert (len(lines), counted(lines)) == (2, 3)
    assert "in divide" in lines[-1]


def test_the_members_of_a_group_are_folded() -> None:
    install(())
    members = [raised_through(["anyio.x", "app", "anyio.y"], divide) for _ in range(3)]
    told, count = shown(ExceptionGroup("tasks", members))
    assert count == counted("".join(told.format()).splitlines()) == 6


def test_a_long_chain_of_errors_is_folded() -> None:
    install(())
    error = ValueError("the first")
    for _ in range(3000):
        following = ValueError("next")
        following.__context__ = error
        error = following
    assert shown(error)[1] == 0


def test_a_limit_of_pythons_own_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    install(())
    error = raised_through(["starlette.routing", "app"], divide)
    monkeypatch.setattr(sys, "tracebacklimit", 2, raising=False)
    assert len(shown(error)[0].stack) == 2


def test_what_asks_for_a_traceback_gets_all_of_it_where_nothing_is_folded() -> None:
    told, count = shown(raised_through(["starlette.routing"], divide))
    assert (count, counted(told.format())) == (0, 0)
