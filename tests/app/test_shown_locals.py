"""What error reports that show the locals of frames see of Bridge's own: nothing that the client has sent."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any

import pytest

from bridge import Bridge
from bridge._app.asgi.loop import process_runner
from bridge._invocation import without_own_frames

from ..responders import Responder, SyncResponder
from ..samples import sample

PLANTED = "planted-5up3r-s3cr3t"


def event(name: str = "function_url") -> Any:
    made = sample(name)
    made["headers"]["authorization"] = f"Bearer {PLANTED}"
    return {**made, "cookies": [f"session={PLANTED}"], "body": f"password={PLANTED}", "isBase64Encoded": False}


async def asgi(scope: Any, receive: Any, send: Any) -> None:
    del scope  # it is the app's, and has the headers
    raise LookupError("no such user")


def wsgi(environ: Any, start_response: Any) -> Any:
    del environ
    raise LookupError("no such user")


def late(environ: Any, start_response: Any) -> Any:
    del environ
    start_response("200 OK", [])
    yield b"first"
    raise LookupError("no such user")


def plain(handler: Bridge, event: Any) -> None:
    handler(event)


def on_a_loop(handler: Bridge, event: Any) -> None:
    asyncio.run(handler.handle_async(event))


def responding(handler: Bridge, event: Any) -> None:
    if handler.is_asgi:
        asyncio.run(handler.respond(event, None, Responder()))
    else:
        handler.respond_sync(event, None, SyncResponder())


def responding_alone(handler: Bridge, event: Any) -> None:
    handler.respond_alone(process_runner(asyncio.new_event_loop), event, None, Responder())


def shown(traceback: TracebackType | None) -> Iterator[tuple[str, str]]:
    """Function and locals of each frame of Bridge's that Sentry shows."""
    while traceback is not None:
        frame = traceback.tb_frame
        if frame.f_globals["__name__"].startswith("bridge.") and not frame.f_locals.get("__tracebackhide__"):
            yield frame.f_code.co_qualname, repr(frame.f_locals)
        traceback = traceback.tb_next


def functions(traceback: TracebackType | None) -> list[str]:
    found = []
    while traceback is not None:
        found.append(traceback.tb_frame.f_code.co_name)
        traceback = traceback.tb_next
    return found


every_way = pytest.mark.parametrize(
    ("app", "way"),
    [(app, way) for app in (asgi, wsgi, late) for way in (plain, on_a_loop, responding)] + [(asgi, responding_alone)],
)


@every_way
def test_a_logged_traceback_begins_in_the_app(
    app: Any, way: Callable[[Bridge, Any], None], caplog: pytest.LogCaptureFixture
) -> None:
    way(Bridge(app, lifespan="off"), event())
    (record,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert record.exc_info is not None
    traceback = record.exc_info[2]
    assert functions(traceback)[0] == app.__name__ or app is late
    assert PLANTED not in json.dumps([*shown(traceback)])
    assert functions(traceback)[-1] == app.__name__


@every_way
def test_frames_that_lead_to_lambda_are_hidden_or_have_nothing(app: Any, way: Callable[[Bridge, Any], None]) -> None:
    with pytest.raises(LookupError) as raised:
        way(Bridge(app, lifespan="off", errors="raise"), event())
    assert PLANTED not in json.dumps([*shown(raised.value.__traceback__)])
    assert functions(raised.value.__traceback__)[-1] == app.__name__


@pytest.mark.parametrize("more", [{}, {"accepts": ()}, {"warm_up": True}])
@pytest.mark.parametrize("way", [plain, on_a_loop])
@pytest.mark.parametrize("app", [asgi, wsgi])
def test_nor_has_an_event_that_is_posted(app: Any, way: Callable[[Bridge, Any], None], more: Any) -> None:
    with pytest.raises(LookupError) as raised:
        way(Bridge(app, lifespan="off", events_path="/events", **more), {"order": PLANTED})
    frames = [frame for frame in shown(raised.value.__traceback__) if PLANTED in frame[1]]
    assert frames == []


def test_an_app_that_cannot_be_called_shows_nothing_either(caplog: pytest.LogCaptureFixture) -> None:
    def app(environ: Any, start_response: Any, more: Any) -> Any:
        """Take one argument too many."""

    assert Bridge(app, interface="wsgi")(event())["statusCode"] == 500
    (record,) = [record for record in caplog.records if record.exc_info]
    assert record.exc_info is not None
    assert PLANTED not in json.dumps([*shown(record.exc_info[2])])


def test_a_failure_of_bridge_s_alone_keeps_its_frames() -> None:
    with pytest.raises(AttributeError) as raised:
        without_own_frames(1)  # type: ignore[type-var]
    error = raised.value
    error.__traceback__ = error.__traceback__.tb_next  # type: ignore[union-attr]
    assert functions(without_own_frames(error).__traceback__) == ["without_own_frames"]
    assert without_own_frames(None) is None
