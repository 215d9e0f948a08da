from __future__ import annotations

import random
import re
import subprocess
import sys
from hashlib import sha256
from html import unescape
from pathlib import Path

import pytest

from examples.flask_app import app as example

from ..frameworks.client import Client
from ..frameworks.events import HTTP_V2, SOURCES

FOLDER = Path(example.__file__).parent


@pytest.fixture(params=SOURCES, ids=lambda source: source.name)
def client(request: pytest.FixtureRequest) -> Client:
    return Client(example.handler, request.param)


def test_the_links_of_the_start_page_work(client: Client) -> None:
    page = client.get("/")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    links = [unescape(link) for link in re.findall(r'href="([^"]+)"', page.text)]
    prefix = client.source.prefix
    assert all(link.startswith(prefix + "/") for link in links)
    statuses = {link.removeprefix(prefix): client.get(link.removeprefix(prefix)).status for link in links}
    assert len(statuses) == 8
    assert {path for path, status in statuses.items() if status == 500} == {"/fails"}
    assert {path for path, status in statuses.items() if status == 302} == {"/old"}
    assert {status for path, status in statuses.items() if path not in ("/fails", "/old")} == {200}


def test_json(client: Client) -> None:
    assert client.get("/hello").json == {"hello": "world"}


def test_parameters(client: Client) -> None:
    assert client.get("/items/na%C3%AFve/%25").json == {"name": "naïve/%"}
    assert client.get("/items").json == {"tags": [], "limit": 10}
    assert client.get("/items", "tag=a+b&limit=3").json == {"tags": ["a b"], "limit": 3}


def test_the_form_posts_to_the_upload(client: Client) -> None:
    assert f'action="{client.source.prefix}/upload"' in client.get("/").text
    files = {"a.bin": random.randbytes(10_000), "é.txt": "naïve".encode()}
    assert client.post_files("/upload", "files", files).json == [
        {"name": name, "size": len(content), "sha256": sha256(content).hexdigest()} for name, content in files.items()
    ]


def test_cookies(client: Client) -> None:
    reply = client.get("/cookies", headers=[("Cookie", "theme=light; visited=no")])
    assert reply.json == {"theme": "light", "visited": "no"}
    assert [cookie.partition(";")[0] for cookie in reply.cookies] == ["visited=yes", "theme=dark"]


def test_a_download(client: Client) -> None:
    reply = client.get("/download")
    assert reply.headers["content-disposition"] == "attachment; filename=bytes.bin"
    assert reply.body == bytes(range(256))


def test_a_redirect(client: Client) -> None:
    assert client.get("/old").headers["location"] == f"{client.source.prefix}/hello"


def test_what_lambda_sent(client: Client) -> None:
    reply = client.get("/event").json
    assert reply["event"] == client.source.event("GET", "/event")
    assert reply["client"] == "203.0.113.7"
    assert reply["request_id"] is None


def test_an_endpoint_that_fails(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    reply = client.get("/fails")
    assert reply.status == 500
    assert [str(record.exc_info[1]) for record in caplog.records if record.exc_info] == ["this endpoint always fails"]


def test_the_folder_is_lambda_s_code_root() -> None:
    event = HTTP_V2.event("GET", "/hello")
    code = f"from app import handler; print(handler({event!r}, None)['statusCode'])"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True
    )
    assert (finished.stdout, finished.stderr) == ("200\n", "")
