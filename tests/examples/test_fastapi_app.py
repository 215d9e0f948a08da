from __future__ import annotations

import json
import random
import re
import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest

from examples.fastapi_app import app as example

from ..frameworks.client import Client
from ..frameworks.events import HTTP_V2, HTTP_V2_STAGE, REST, SOURCES, Source

FOLDER = Path(example.__file__).parent


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    example.handler.close()  # here, and not when the process ends, where pytest has closed the log


@pytest.fixture(params=SOURCES, ids=lambda source: source.name)
def client(request: pytest.FixtureRequest) -> Client:
    return Client(example.handler, request.param)


def test_the_start_page_links_to_every_get_route(client: Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
    top = client.url("")
    assert all(link.startswith(top + "/") for link in links)
    statuses = {link.removeprefix(top): client.get(link.removeprefix(top)).status for link in links}
    assert {path for path, status in statuses.items() if status == 500} == {"/fails"}
    assert {path for path, status in statuses.items() if status == 307} == {"/old"}
    assert {status for path, status in statuses.items() if path not in ("/fails", "/old")} == {200}
    routes = {path.partition("{")[0] for path, methods in example.app.openapi()["paths"].items() if "get" in methods}
    assert routes - {"/"} <= {re.sub(r"(/items/).*", r"\1", path) for path in statuses}


def test_the_form_posts_to_the_upload(client: Client) -> None:
    assert f'action="{client.url("/upload")}"' in client.get("/").text
    files = {"a.bin": random.randbytes(10_000), "é.txt": "naïve".encode()}
    assert client.post_files("/upload", "files", files).json == [
        {"name": name, "size": len(content), "sha256": sha256(content).hexdigest()} for name, content in files.items()
    ]


def test_json(client: Client) -> None:
    assert client.get("/hello").json == {"hello": "world"}
    assert client.get("/hello-sync").json == {"hello": "from a thread"}


def test_parameters(client: Client) -> None:
    assert client.get("/items/na%C3%AFve/%25").json == {"name": "naïve/%"}
    assert client.get("/items").json == {"tags": ["new", "on sale"], "limit": 10}
    assert client.get("/items", "tag=a+b&limit=3").json == {"tags": ["a b"], "limit": 3}
    assert client.get("/items", "limit=many").status == 422


def test_an_order_is_checked_and_its_task_runs(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    reply = client.post_json("/orders", {"item": "tea", "count": 2})
    assert (reply.status, reply.json) == (201, {"item": "tea", "count": 2})
    assert "ordered: 2 x tea" in caplog.messages
    assert client.post_json("/orders", {"item": "tea", "count": 0}).status == 422


def test_cookies(client: Client) -> None:
    reply = client.get("/cookies", headers=[("Cookie", "theme=light; visited=no")])
    assert reply.json == {"theme": "light", "visited": "no"}
    assert [cookie.partition(";")[0] for cookie in reply.cookies] == ["visited=yes", "theme=dark"]


def test_the_picture_is_a_png(client: Client) -> None:
    reply = client.get("/picture.png", "size=3")
    assert reply.headers["content-type"] == "image/png"
    assert reply.body.startswith(b"\x89PNG\r\n\x1a\n")
    chunks, rest = {}, reply.body[8:]
    while rest:
        size, kind = struct.unpack(">I4s", rest[:8])
        assert struct.unpack(">I", rest[8 + size : 12 + size]) == (zlib.crc32(rest[4 : 8 + size]),)
        chunks[kind], rest = rest[8 : 8 + size], rest[12 + size :]
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    assert chunks[b"IHDR"] == bytes([0, 0, 0, 3, 0, 0, 0, 3, 8, 2, 0, 0, 0])
    pixels = zlib.decompress(chunks[b"IDAT"])
    assert pixels[:10] == bytes([0, 0, 0, 128, 85, 0, 128, 170, 0, 128])
    assert len(pixels) == 3 * (1 + 3 * 3)


def test_a_download(client: Client) -> None:
    reply = client.get("/report")
    assert reply.headers["content-disposition"] == 'attachment; filename="report.csv"'
    assert reply.text == "city,temperature\nZürich,18\n北京,24\n"


def test_a_stream(client: Client) -> None:
    assert client.get("/countdown").text == "3\n2\n1\nlift-off\n"


def test_urls(client: Client) -> None:
    assert client.get("/old").headers["location"] == client.url("/hello")
    assert client.get("/where").json == {
        "this": client.url("/where"),
        "hello": client.url("/hello"),
        "root_path": client.source.prefix,
    }


def test_the_pool_outlives_requests() -> None:
    client = Client(example.handler, HTTP_V2)
    first, second = client.get("/pool").json, client.get("/pool").json
    assert second == {"opened": first["opened"], "uses": first["uses"] + 1}


def test_what_lambda_sent(client: Client) -> None:
    reply = client.get("/event").json
    assert reply["event"] == client.source.event("GET", "/event")
    assert reply["client"] == "203.0.113.7"
    assert reply["request_id"] is None


def test_the_context_has_a_request_id() -> None:
    class Context:
        aws_request_id = "8476a536-e9f4-11e8-9739-2dfe598c3fcd"

    result = example.handler(HTTP_V2.event("GET", "/event"), Context())
    assert HTTP_V2.reply(result).json["request_id"] == Context.aws_request_id


def test_an_endpoint_that_fails(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    reply = client.get("/fails")
    assert (reply.status, reply.text) == (500, "Internal Server Error")
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["this endpoint always fails"]


@pytest.mark.parametrize("source", [REST, HTTP_V2_STAGE], ids=lambda source: source.name)
def test_the_documentation(source: Source) -> None:
    assert f"url: '{source.prefix}/openapi.json'" in Client(example.handler, source).get("/docs").text


def test_the_folder_is_lambda_s_code_root() -> None:
    """`app.handler` in a new process, with nothing else on its path. The lifespan ends with the process."""
    event = HTTP_V2.event("GET", "/pool")
    code = (
        f"import json, logging; logging.basicConfig(level='INFO'); from app import handler; "
        f"print(json.dumps([handler(event, None) for event in [{event!r}] * 2]))"
    )
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True
    )
    assert [HTTP_V2.reply(result).json["uses"] for result in json.loads(finished.stdout)] == [1, 2]
    assert finished.stderr.splitlines() == ["INFO:app:closing the pool after 2 uses"]


def test_the_template_names_the_handler() -> None:
    template = (FOLDER / "template.yaml").read_text()
    assert re.search(r"^\s+Handler: app\.handler$", template, re.MULTILINE)
    assert (FOLDER / "app.py").exists()
