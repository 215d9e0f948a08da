from __future__ import annotations

import gzip
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles

from .client import Client
from .events import EXECUTE_API, REST, SOURCES, Source

Serve = Callable[..., Client]


class Stamp(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        before = await request.body()
        response = await call_next(request)
        response.headers["x-seen"] = str(len(before))
        return response


async def echo(request: Request) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"<"
        yield await request.body()
        yield b">"

    return StreamingResponse(chunks())


async def fails(request: Request) -> Response:
    raise ValueError("boom")


def tracebacks(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [str(record.exc_info[1]) for record in caplog.records if record.exc_info]


def test_base_http_middleware_reads_the_body_and_passes_a_stream_on(serve: Serve, source: Source) -> None:
    app = Starlette(routes=[Route("/", echo, methods=["POST"])], middleware=[Middleware(Stamp)])
    reply = serve(app, source).post("/", "application/octet-stream", b"\xff" * 1000)
    assert reply.headers["x-seen"] == "1000"
    assert reply.body == b"<" + b"\xff" * 1000 + b">"


def test_base_http_middleware_and_an_exception(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    app = Starlette(routes=[Route("/", fails)], middleware=[Middleware(Stamp), Middleware(Stamp)])
    reply = serve(app).get("/")
    assert (reply.status, reply.text) == (500, "Internal Server Error")
    assert tracebacks(caplog) == ["boom"]


def test_a_background_task_has_run_when_the_response_is_there(serve: Serve) -> None:
    ran: list[str] = []

    async def start(request: Request) -> Response:
        return PlainTextResponse("started", background=BackgroundTask(ran.append, "task"))

    assert serve(Starlette(routes=[Route("/", start)])).get("/").text == "started"
    assert ran == ["task"]


def test_a_background_task_that_fails_costs_a_traceback_but_not_the_response(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    def task() -> None:
        raise ValueError("too late")

    async def start(request: Request) -> Response:
        return PlainTextResponse("started", background=BackgroundTask(task))

    reply = serve(Starlette(routes=[Route("/", start)])).get("/")
    assert (reply.status, reply.text) == (200, "started")
    assert tracebacks(caplog) == ["too late"]
    assert caplog.records[-1].name == "bridge"


def test_gzip(serve: Serve, source: Source) -> None:
    async def long(request: Request) -> Response:
        return PlainTextResponse("long " * 1000)

    client = serve(Starlette(routes=[Route("/", long)], middleware=[Middleware(GZipMiddleware)]), source)
    packed = client.get("/", headers=[("Accept-Encoding", "gzip, br")])
    assert packed.headers["content-encoding"] == "gzip"
    assert len(packed.body) < 200
    assert gzip.decompress(packed.body) == b"long " * 1000
    assert client.get("/").text == "long " * 1000


def test_trusted_hosts(serve: Serve) -> None:
    async def start(request: Request) -> Response:
        return PlainTextResponse("welcome")

    allowed = Middleware(TrustedHostMiddleware, allowed_hosts=[EXECUTE_API])
    app = Starlette(routes=[Route("/", start)], middleware=[allowed])
    assert {source.domain: serve(app, source).get("/").status for source in SOURCES} == {
        source.domain: 200 if source.domain == EXECUTE_API else 400 for source in SOURCES
    }


@pytest.mark.parametrize("key", [500, Exception])
def test_the_app_s_own_500_is_kept_and_logged_once(
    serve: Serve, key: int | type[Exception], caplog: pytest.LogCaptureFixture
) -> None:
    async def sorry(request: Request, error: Exception) -> Response:
        return JSONResponse({"sorry": str(error)}, 500)

    reply = serve(Starlette(routes=[Route("/", fails)], exception_handlers={key: sorry})).get("/")
    assert (reply.status, reply.json) == (500, {"sorry": "boom"})
    assert tracebacks(caplog) == ["boom"]
    assert caplog.records[-1].name == "bridge"


def test_an_exception_that_the_app_handles_is_no_error(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def conflict(request: Request, error: Exception) -> Response:
        return PlainTextResponse(str(error), 409)

    app = Starlette(routes=[Route("/", fails)], exception_handlers={ValueError: conflict})
    reply = serve(app, errors="raise").get("/")
    assert (reply.status, reply.text) == (409, "boom")
    assert not caplog.records


def test_an_exception_reaches_lambda_although_the_app_has_answered(serve: Serve) -> None:
    client = serve(Starlette(routes=[Route("/", fails)]), errors="raise")
    with pytest.raises(ValueError, match="boom"):
        client.get("/")


def test_a_debug_page(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    client = serve(Starlette(routes=[Route("/", fails)], debug=True))
    reply = client.request("GET", "/", headers=[("Accept", "text/html")])
    assert reply.status == 500
    assert "ValueError: boom" in reply.text
    assert tracebacks(caplog) == ["boom"]


def test_lifespan_state_lasts_and_each_request_has_a_copy(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    steps: list[str] = []

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[dict[str, Any]]:
        steps.append("startup")
        yield {"shared": [], "own": 0}
        steps.append("shutdown")

    async def count(request: Request) -> Response:
        request.state.shared.append(1)
        request.state.own += 1
        return JSONResponse([len(request.state.shared), request.state.own])

    handler = serve(Starlette(routes=[Route("/", count)], lifespan=lifespan))
    assert [handler.get("/").json for _ in range(3)] == [[1, 1], [2, 1], [3, 1]]
    assert steps == ["startup"]
    handler.handler.close()
    assert steps == ["startup", "shutdown"]
    assert not caplog.records


def test_static_files_below_a_mount(serve: Serve, source: Source, tmp_path_factory: pytest.TempPathFactory) -> None:
    folder = tmp_path_factory.mktemp("static")
    (folder / "grün.bin").write_bytes(bytes(range(256)) * 1000)
    (folder / "page").mkdir()
    (folder / "page" / "index.html").write_text("<p>page")
    client = serve(Starlette(routes=[Mount("/static", StaticFiles(directory=folder, html=True))]), source)
    reply = client.get("/static/gr%C3%BCn.bin")
    assert reply.body == bytes(range(256)) * 1000
    unchanged = client.get("/static/gr%C3%BCn.bin", headers=[("If-None-Match", reply.headers["etag"])])
    assert (unchanged.status, unchanged.body) == (304, b"")
    part = client.get("/static/gr%C3%BCn.bin", headers=[("Range", "bytes=250-260")])
    assert (part.status, part.body) == (206, bytes([250, 251, 252, 253, 254, 255, 0, 1, 2, 3, 4]))
    assert client.get("/static/page").headers["location"] == source.url("/static/page/")
    assert client.get("/static/page/").text == "<p>page"


def test_a_file_response(serve: Serve, tmp_path_factory: pytest.TempPathFactory) -> None:
    file = tmp_path_factory.mktemp("files") / "data"
    file.write_bytes(bytes(range(256)))

    async def download(request: Request) -> Response:
        return FileResponse(file, filename="données.bin")

    reply = serve(Starlette(routes=[Route("/", download)]), REST).get("/")
    assert reply.body == bytes(range(256))
    assert reply.headers["content-disposition"] == "attachment; filename*=utf-8''donn%C3%A9es.bin"


def test_the_client_is_who_the_source_says(serve: Serve, source: Source) -> None:
    async def client(request: Request) -> Response:
        assert request.client
        return PlainTextResponse(request.client.host)

    forged = [("X-Forwarded-For", "6.6.6.6")]
    assert serve(Starlette(routes=[Route("/", client)]), source).get("/", headers=forged).text == "203.0.113.7"


def test_the_log_is_quiet(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    serve(Starlette(routes=[Route("/", echo)])).get("/")
    assert [record for record in caplog.records if record.name.startswith("bridge")] == []
