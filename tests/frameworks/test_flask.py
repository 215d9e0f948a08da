from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from flask import Flask, Response, g, request, session

from .apps.mounted_app import mounted
from .client import Client
from .events import REST, Source

Serve = Callable[..., Client]


def test_the_end_of_a_request_is_the_end(serve: Serve) -> None:
    """Teardown functions run, and what is registered with the response, streamed or not, is called."""
    app = Flask(__name__)
    steps: list[str] = []

    @app.teardown_request
    def teardown(error: BaseException | None) -> None:
        steps.append("teardown")

    @app.get("/")
    def start() -> Response:
        def chunks() -> Iterator[str]:
            steps.append("stream")
            yield "streamed"

        response = Response(chunks())
        response.call_on_close(lambda: steps.append("close"))
        return response

    assert serve(app).get("/").text == "streamed"
    assert sorted(steps) == ["close", "stream", "teardown"]


def test_sessions(serve: Serve, source: Source) -> None:
    app = Flask(__name__)
    app.secret_key = "tests"

    @app.get("/")
    def start() -> str:
        session["visits"] = session.get("visits", 0) + 1
        return str(session["visits"])

    client = serve(app, source)
    first = client.get("/")
    cookie = first.cookies[0].partition(";")[0]
    assert (first.text, client.get("/", headers=[("Cookie", cookie)]).text) == ("1", "2")


def test_a_stage_is_the_script_name(serve: Serve, source: Source) -> None:
    app = Flask(__name__)

    @app.get("/a/<rest>")
    def start(rest: str) -> list[str]:
        return [request.environ["SCRIPT_NAME"], request.environ["PATH_INFO"], request.root_url]

    assert serve(app, source).get("/a/b").json == [source.prefix, "/a/b", source.url("/")]


def test_exceptions_can_reach_lambda(serve: Serve) -> None:
    app = Flask(__name__)
    app.config["PROPAGATE_EXCEPTIONS"] = True

    @app.get("/")
    def start() -> str:
        raise ValueError("boom")

    with pytest.raises(ValueError, match="boom"):
        serve(app, errors="raise").get("/")


def test_requests_do_not_see_each_other_s_globals(serve: Serve) -> None:
    app = Flask(__name__)

    @app.get("/")
    def start() -> str:
        before = g.get("name", "nobody")
        g.name = request.args["name"]
        return str(before)

    client = serve(app)
    assert [client.get("/", f"name={name}").text for name in ("ann", "ben")] == ["nobody", "nobody"]


def test_below_a_mount_in_fastapi_the_script_name_has_stage_and_mount(serve: Serve, source: Source) -> None:
    inner = Flask(__name__)

    @inner.get("/a")
    def start() -> list[str]:
        return [request.environ["SCRIPT_NAME"], request.environ["PATH_INFO"], str(request.remote_addr)]

    assert serve(mounted("/legacy", inner), source).get("/legacy/a").json == [
        f"{source.prefix}/legacy",
        "/a",
        "203.0.113.7",
    ]


def test_below_a_mount_an_upload_without_content_length_arrives(serve: Serve) -> None:
    inner = Flask(__name__)

    @inner.post("/")
    def size() -> str:
        return str(len(request.data))

    assert (
        serve(mounted("/legacy", inner), REST).post("/legacy/", "application/octet-stream", bytes(100_000)).text
        == "100000"
    )
