"""Apps that do not read `root_path` as ASGI has it, below a stage and below a base path."""

import functools
import logging
import warnings
from collections.abc import Callable, Iterable
from typing import Any

import pytest
from fastapi import FastAPI, Request
from fastapi.staticfiles import StaticFiles
from starlette.middleware.cors import CORSMiddleware

from bridge import Bridge, ConfigurationError
from bridge._app.asgi import root_path as root_paths

from ..asgi_apps import Message, Receive, Scope, Send, respond
from ..frameworks.events import HTTP_V2, HTTP_V2_STAGE, REST, SOURCES, Source

Wrap = Callable[[Any], Any]


def fastapi_app(root_path: str) -> FastAPI:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated; deployed apps have it
        app = FastAPI(root_path=root_path)

    @app.get("/items/{name:path}", name="item")
    async def item(request: Request, name: str) -> dict[str, str]:
        return {"name": name, "link": str(request.url_for("item", name="x")), "url": request.url.path}

    @app.get("/slash/")
    async def slash() -> None: ...

    return app


def ask(app: Any, source: Source, path: str, **options: Any) -> Any:
    return source.reply(Bridge(app, **options)(source.event("GET", path)))


@pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])
@pytest.mark.parametrize("path", ["/items/a", "/api/items/a"])
def test_a_fastapi_app_with_a_root_path_of_its_own_is_found(source: Source, path: str) -> None:
    reply = ask(fastapi_app("/api"), source, path)
    assert (reply.status, reply.json["name"]) == (200, "a")
    assert reply.json["link"] == f"https://{source.domain}/api/items/x"


@pytest.mark.parametrize("root_path", ["/api", "/prod/api"])
def test_its_root_path_takes_the_place_of_a_stage_and_a_base_path(root_path: str) -> None:
    reply = ask(fastapi_app(root_path), REST, "/api/items/a%2Fb", base_path="/api")
    assert (reply.status, reply.json["name"]) == (200, "a/b")
    assert reply.json["url"] == f"{root_path}/items/a/b"


def test_a_root_path_that_ends_with_a_slash_is_one_that_starlette_never_takes_off_a_path() -> None:
    assert ask(fastapi_app("/api/"), REST, "/items/a").json["name"] == "a"


def test_only_fastapi_s_root_path_is_one_and_one_with_a_slash_at_its_end_is_stripped() -> None:
    class Other:
        root_path = "/api"

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...

    other = Other()
    assert root_paths.adapted(other, None) == (other, True)
    assert type(root_paths.adapted(fastapi_app("/api/"), None)[0]) is root_paths.Stripped
    assert type(root_paths.adapted(fastapi_app("/api"), None)[0]) is root_paths.OwnRootPath


def test_its_redirects_and_mounts_have_its_root_path() -> None:
    app = fastapi_app("/api")
    assert ask(app, REST, "/slash").headers["location"] == f"https://{REST.domain}/api/slash/"
    app.mount("/files", StaticFiles(directory="tests/app"))
    assert ask(app, REST, "/files/test_root_path.py").status == 200


def by_function(app: Any) -> Any:
    @functools.wraps(app)
    async def wrapper(*args: Any) -> None:
        await app(*args)

    return wrapper


@pytest.mark.parametrize("wrap", [lambda app: CORSMiddleware(app, ["*"]), by_function])
def test_it_is_found_below_middleware(wrap: Wrap) -> None:
    assert ask(wrap(fastapi_app("/api")), REST, "/items/a").json["name"] == "a"


class ByPath:
    """An app that routes by `path` as it is, as Falcon does."""

    __module__ = "falcon.asgi.app"

    def __init__(self) -> None:
        self.scopes: list[Scope] = []

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            self.scopes.append(scope)
            found = scope["path"].startswith("/items")
            await respond(send, status=200 if found else 404)


class OwnByPath(ByPath):
    """An app of a subclass of the user's."""

    __module__ = "app"


@pytest.mark.parametrize("make", [ByPath, OwnByPath])
@pytest.mark.parametrize("source", SOURCES, ids=[source.name for source in SOURCES])
def test_a_framework_that_routes_by_path_gets_it_without_the_root_path(
    source: Source, make: Callable[[], ByPath]
) -> None:
    app: Any = make()
    assert ask(CORSMiddleware(app, ["*"]), source, "/items/a%2Fb").status == 200
    scope = app.scopes[0]
    assert scope["path"] == "/items/a/b"
    assert scope["raw_path"] in (b"/items/a%2Fb", b"/items/a/b")
    assert scope["root_path"] == source.prefix


async def test_it_does_so_on_a_running_loop() -> None:
    app = ByPath()
    await Bridge(app).handle_async(REST.event("GET", "/items"))
    assert app.scopes[0]["path"] == "/items"


@pytest.mark.parametrize(
    ("path", "raw_path", "root_path", "stripped"),
    [
        ("/prod", b"/prod", "/prod", ("/", b"/")),
        ("/prod/", b"/prod/", "/prod", ("/", b"/")),
        ("/v1/a", b"/%761/a", "/v1", ("/a", b"/a")),
        ("/v1", b"/%761", "/v1", ("/", b"/")),
        ("/prod/v1/a/b", b"/prod/%761/a%2Fb", "/prod/v1", ("/a/b", b"/a%2Fb")),
        ("/prod/v1/a/b/c/d", b"/prod/%761/a%2Fb/c/d", "/prod/v1", ("/a/b/c/d", b"/a%2Fb/c/d")),
        ("/\u00e9/a", b"/%C3%A9/a", "/\u00e9", ("/a", b"/a")),
    ],
)
async def test_both_forms_of_the_path_lose_the_root_path(
    path: str, raw_path: bytes, root_path: str, stripped: tuple[str, bytes]
) -> None:
    app = Noting()
    scope = {"type": "http", "path": path, "raw_path": raw_path, "root_path": root_path}
    await root_paths.Stripped(app)(scope, app.receive, app.send)
    assert (app.scope["path"], app.scope["raw_path"], app.scope["root_path"]) == (*stripped, root_path)
    assert scope["path"] == path


@pytest.mark.parametrize("make", [root_paths.Stripped, lambda app: root_paths.OwnRootPath(app, "/api")])
@pytest.mark.parametrize("scope", [{"type": "lifespan"}, {"type": "http", "path": "/a", "root_path": ""}])
async def test_what_has_no_root_path_stays_as_it_is(make: Any, scope: Scope) -> None:
    app = Noting()
    await make(app)(scope, app.receive, app.send)
    assert app.scope is scope


@pytest.mark.parametrize(
    ("path", "raw_path", "expected"),
    [
        ("/prod/caf\u00e9", b"/prod/caf%C3%A9", ("/\u00fc/caf\u00e9", b"/%C3%BC/caf%C3%A9")),
        ("/prod/\u00fc/x", b"/prod/%c3%bc/x", ("/\u00fc/x", b"/%c3%bc/x")),
        ("/prod/\u00fc", b"/prod/%C3%BC", ("/\u00fc", b"/%C3%BC")),
        ("/prod/\u00fcx", b"/prod/%C3%BCx", ("/\u00fc/\u00fcx", b"/%C3%BC/%C3%BCx")),
        ("/prod", b"/prod", ("/\u00fc", b"/%C3%BC")),
    ],
)
async def test_a_root_path_of_the_app_s_own_takes_the_place_of_the_other(
    path: str, raw_path: bytes, expected: tuple[str, bytes]
) -> None:
    app = Noting()
    scope = {"type": "http", "path": path, "raw_path": raw_path, "root_path": "/prod"}
    await root_paths.OwnRootPath(app, "/\u00fc")(scope, app.receive, app.send)
    assert app.scope == {"type": "http", "path": expected[0], "raw_path": expected[1], "root_path": "/\u00fc"}


class Noting:
    """An app that notes its scope, and has to get both of its channels."""

    scope: Scope

    async def receive(self) -> Message:
        return {}

    async def send(self, message: Message) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert (receive, send) == (self.receive, self.send)
        self.scope = scope


class EngineIO(ByPath):
    """As python-socketio's ASGIApp: what is not its own goes to another app."""

    __module__ = "engineio.async_drivers.asgi"

    def __init__(self, other_asgi_app: Any = None) -> None:
        super().__init__()
        self.engineio_path = "/items/"
        self.other_asgi_app = other_asgi_app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.other_asgi_app is None or (scope["type"] == "http" and (scope["path"] + "/").startswith("/items/")):
            await super().__call__(scope, receive, send)
        else:
            await self.other_asgi_app(scope, receive, send)


def test_what_is_behind_engine_io_gets_the_path_as_it_needs_it() -> None:
    other = fastapi_app("")
    assert ask(EngineIO(other), REST, "/slash").headers["location"] == f"{REST.url('/slash/')}"
    app = EngineIO(other)
    assert ask(app, REST, "/items").status == 200
    assert [scope["path"] for scope in app.scopes] == ["/items"]
    alone = EngineIO()
    ask(alone, REST, "/else")
    assert alone.scopes[0]["path"] == "/else"


def test_a_layer_that_is_its_own_app_is_not_looked_through_for_ever() -> None:
    class Ring(ByPath):
        __module__ = "app"

    app: Any = Ring()
    app.app = app
    assert ask(app, REST, "/items").status == 200


# ---------------------------------------------------------------- said, and not


@pytest.mark.parametrize(("strip", "path"), [(True, "/items"), (False, "/prod/items")])
def test_the_deployer_has_the_last_word(strip: bool, path: str) -> None:
    app = ByPath()
    ask(app, REST, "/items", strip_root_path=strip)
    assert app.scopes[0]["path"] == path


def test_a_root_path_of_the_apps_own_works_where_the_path_is_said_to_be_stripped() -> None:
    assert ask(fastapi_app("/api"), REST, "/items/a", strip_root_path=True).status == 200


def test_only_asgi_has_the_root_path_in_its_path() -> None:
    def app(environ: object, start_response: object) -> Iterable[bytes]:
        return []

    Bridge(app, strip_root_path=False)
    with pytest.raises(ConfigurationError, match="is for ASGI apps: PATH_INFO"):
        Bridge(app, strip_root_path=True)
    with pytest.raises(ConfigurationError, match="takes None or True or False, not 'yes'"):
        Bridge(app, strip_root_path="yes")  # type: ignore[arg-type]


def unknown(statuses: list[int]) -> Any:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await respond(send, status=statuses.pop(0))

    return app


def test_an_unknown_app_that_misses_its_first_route_below_a_stage_is_told_why(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handler = Bridge(unknown([404, 404, 404]))
    handler(HTTP_V2.event("GET", "/items"))
    assert not caplog.records
    for _ in range(2):
        handler(REST.event("GET", "/items"))
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("GET '/prod/items' was answered 404. It is the first request below")
    assert "below a root path ('/prod', the stage or a base path)" in record.getMessage()
    assert "Bridge(app, strip_root_path=True)" in record.getMessage()


async def test_it_is_told_on_a_running_loop_too(caplog: pytest.LogCaptureFixture) -> None:
    handler = Bridge(unknown([404, 404]))
    await handler.handle_async(HTTP_V2.event("GET", "/items"))
    await handler.handle_async(HTTP_V2_STAGE.event("GET", "/items"))
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("make", "options"),
    [
        (lambda: unknown([200, 404]), {}),
        (lambda: unknown([404, 404]), {"strip_root_path": False}),
        (lambda: unknown([404, 404]), {"strip_root_path": True}),
        (lambda: fastapi_app(""), {}),
        (lambda: CORSMiddleware(fastapi_app("/api"), ["*"]), {}),
        (ByPath, {}),
    ],
)
def test_a_404_of_an_app_that_has_found_its_routes_or_is_known_is_a_404(
    make: Callable[[], Any], options: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    handler = Bridge(make(), **options)
    for _ in range(2):
        handler(REST.event("GET", "/missing"))
    assert not caplog.records


def test_an_app_that_is_its_own_inner_app_is_served() -> None:
    class Loop:
        app: Any

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            await respond(send, scope["root_path"].encode())

    looped = Loop()
    looped.app = looped
    result = Bridge(looped, lifespan="off")(REST.event("GET", "/items/a"))
    assert REST.reply(result).body == b"/prod"
