"""A real server on a real socket, for each API; and the clients that need no socket."""

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import ModuleType
from urllib.parse import urlsplit

import httpx
import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from bridge import Bridge
from bridge.gateway import Gateway

from . import served
from .serving import Server, serving

SERVERS = {
    "http": ["--api", "http"],
    "http with a stage": ["--api", "http", "--stage", "prod"],
    "http 1.0": ["--api", "http", "--payload", "1.0"],
    "rest": ["--api", "rest", "--stage", "prod"],
    "url": ["--api", "url"],
    "alb": ["--api", "alb"],
    "alb multi": ["--api", "alb", "--multi-value"],
    "lattice": ["--api", "lattice"],
    "lattice 1.0": ["--api", "lattice", "--payload", "1.0"],
    "edge": ["--api", "edge"],
    "edge viewer": ["--api", "edge", "--trigger", "viewer-request"],
}


@pytest.fixture(scope="module")
def servers() -> Iterator[dict[str, Server]]:
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(serving("tests.gateway.served:app", *arguments))
            for name, arguments in SERVERS.items()
        }


@pytest.fixture(params=SERVERS)
def client(request: pytest.FixtureRequest, servers: dict[str, Server]) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=servers[request.param].url, timeout=20) as client:
        yield client


def test_json(client: httpx.Client) -> None:
    response = client.post("json", json={"ä": [1, None]})
    assert (response.status_code, response.json()) == (200, {"got": {"ä": [1, None]}})


def test_download_of_bytes(client: httpx.Client) -> None:
    response = client.get("png", headers={"accept": "image/png"})
    assert response.content == served.PNG
    assert response.headers["content-type"] == "image/png"


def test_upload_of_files(client: httpx.Client) -> None:
    response = client.post("upload", files=[("files", ("a", served.PNG)), ("files", ("b", b""))])
    assert response.json() == {"a": served.PNG.hex(), "b": ""}


def test_cookies(client: httpx.Client) -> None:
    response = client.get("cookies", headers={"cookie": "x=1; y=2"})
    assert response.text == "{'x': '1', 'y': '2'}"
    cookies = [line.partition(";")[0] for line in response.headers.get_list("set-cookie")]
    assert cookies == ["a=1", "b=2"]


@pytest.mark.parametrize("path", ["slash", "redirect"])
def test_redirect_stays_under_the_stage(client: httpx.Client, path: str) -> None:
    response = client.get(path)
    assert response.status_code == 307
    assert response.headers["location"] == f"{client.base_url}slash/"
    assert client.get(response.headers["location"]).json() == "here"


def test_docs_find_their_schema(client: httpx.Client) -> None:
    docs = client.get("docs")
    schema = f"{client.base_url.path}openapi.json"
    assert f"'{schema}'" in docs.text
    assert "/json" in client.get(httpx.URL(str(client.base_url)).copy_with(path=schema)).json()["paths"]


def test_head_has_headers_only(client: httpx.Client) -> None:
    response = client.head("head")
    assert (response.status_code, response.content) == (200, b"")
    assert response.headers["x-head"] == "yes"


def test_path_and_query(client: httpx.Client) -> None:
    response = client.get("query/a%20%C3%A4+b?c=%C3%A4+%2B&c=2&d=")
    query = response.json()["query"]
    assert response.json()["name"] == "a ä+b"
    assert query[-2:] == [["c", "2"], ["d", ""]]
    assert query[:-2] in ([["c", "ä +"]], [])  # a load balancer without multi-value headers sends the last


def test_unknown_path(client: httpx.Client) -> None:
    assert client.get("nowhere").status_code == 404


def test_exception_in_the_app(client: httpx.Client) -> None:
    response = client.get("mistake")
    assert (response.status_code, response.text) == (500, "Internal Server Error")


def test_client_that_leaves_early_disturbs_nobody(client: httpx.Client, servers: dict[str, Server]) -> None:
    url = urlsplit(str(client.base_url))
    assert url.hostname
    assert url.port
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(
            f"POST {url.path}leaver HTTP/1.1\r\nHost: localhost\r\nContent-Length: 9\r\n\r\nhalf".encode()
        )
    (server,) = (server for server in servers.values() if server.url == str(client.base_url))
    server.wait_for(f"POST {url.path}leaver: the client left")
    assert client.get("slash/").status_code == 200


@pytest.mark.parametrize("name", ["http with a stage", "rest"])
def test_path_outside_the_stage(servers: dict[str, Server], name: str) -> None:
    assert httpx.get(servers[name].url.replace("/prod/", "/json")).status_code in (403, 404)


@pytest.mark.parametrize("concurrency", ["1", "4"])
def test_interrupt_runs_the_apps_shutdown(tmp_path: Path, concurrency: str) -> None:
    notes = tmp_path / "notes"
    arguments = ["tests.gateway.served:app", "--concurrency", concurrency]
    with serving(*arguments, NOTES=str(notes)) as server:
        assert httpx.get(server.url + "png").content == served.PNG
        assert notes.read_text() == "started\n"
        assert server.interrupt() == 0
    assert notes.read_text() == "started\nstopped\n"


def test_handler_that_never_ends_does_not_keep_the_server() -> None:
    with serving("tests.gateway.served:hangs", "--timeout", "0.1") as server:
        assert httpx.get(server.url).status_code == 500
        assert server.interrupt() == 0


# Clients without a socket


@asynccontextmanager
async def lifespan(app: Starlette) -> AsyncIterator[None]:
    app.state.lives.append("started")
    yield
    app.state.lives.append("stopped")


async def where(request: Request) -> PlainTextResponse:
    return PlainTextResponse(f"{request.method} {request.url.path} {(await request.body()).decode()}")


def small_app() -> Starlette:
    app = Starlette(routes=[Route("/where", where, methods=["POST"])], lifespan=lifespan)
    app.state.lives = []
    return app


@pytest.mark.parametrize("concurrency", [1, 3])
def test_starlettes_test_client(concurrency: int) -> None:
    app = small_app()
    with TestClient(Gateway(Bridge(app), concurrency=concurrency)) as client:
        for _ in range(2):
            assert client.post("/where", content=b"there").text == "POST /where there"
        assert app.state.lives == ["started"]
    assert app.state.lives == ["started", "stopped"]


def test_starlettes_test_client_without_a_lifespan() -> None:
    client = TestClient(Gateway(Bridge(small_app())))
    assert client.post("/where").text == "POST /where "


def test_websockets_are_refused() -> None:
    client = TestClient(Gateway(Bridge(small_app())))
    with pytest.raises(WebSocketDisconnect), client.websocket_connect("/where"):
        pass


@pytest.mark.parametrize("package", [httpx, httpx2])
@pytest.mark.parametrize("concurrency", [1, 3])
async def test_httpx_without_a_socket(package: ModuleType, concurrency: int) -> None:
    transport = package.ASGITransport(app=Gateway(Bridge(small_app()), concurrency=concurrency))
    async with package.AsyncClient(transport=transport, base_url="http://local") as client:
        assert (await client.post("/where", content=b"there")).text == "POST /where there"
