"""The same routes in every framework, through every source."""

from __future__ import annotations

import logging
import random
import re
from hashlib import sha256
from urllib.parse import urljoin

import pytest

from .client import Client
from .conftest import FRAMEWORKS, function
from .events import HTTP_V2

CAFE = "caf\N{LATIN SMALL LETTER E WITH ACUTE}"


def test_json(client: Client) -> None:
    reply = client.get("/json")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.json == {"hello": "world"}


PATHS = {
    "plain": "plain",
    "two%20words": "two words",
    "caf%C3%A9/%E6%97%A5%E6%9C%AC": CAFE + "/日本",
    "a%2Fb": "a/b",
    "100%25": "100%",
    "a%252Fb": "a%2Fb",
    "a+b": "a+b",
    "a%3Fb%23c": "a?b#c",
}


def test_a_path_is_decoded_once(client: Client) -> None:
    assert {wire: client.get(f"/path/{wire}").json["rest"] for wire in PATHS} == PATHS


def test_query_parameters(client: Client) -> None:
    reply = client.get("/query", "a=1&a=2%2B2&b=x+y%26%C3%A9")
    assert reply.json == {"a": ["1", "2+2"] if client.source.repeats else ["2+2"], "b": ["x y&é"]}


def test_no_query_parameters(client: Client) -> None:
    assert not any(client.get("/query").json.values())


def test_request_cookies(client: Client) -> None:
    assert client.get("/cookies", headers=[("Cookie", "a=1; b=two")]).json == {"a": "1", "b": "two"}


def test_two_cookies_are_set_one_by_one(client: Client) -> None:
    session, theme = client.get("/set-cookies").cookies
    assert session.startswith("session=abc;")
    assert re.search(r"; expires=\w+, .* GMT; ", session, re.IGNORECASE)
    assert "; httponly; " in session.lower()
    assert theme.startswith("theme=dark;")


def test_a_redirect_stays_below_the_stage(client: Client) -> None:
    reply = client.get("/redirect")
    assert 300 < reply.status < 400
    assert urljoin(client.url("/redirect"), reply.headers["location"]) == client.url("/json")


def test_a_slash_is_added_below_the_stage(client: Client, framework: str) -> None:
    reply = client.get("/slash")
    if framework == "litestar":  # takes both
        assert reply.status == 200
    else:
        assert reply.status in (301, 307, 308)
        assert urljoin(client.url("/slash"), reply.headers["location"]) == client.url("/slash/")


def test_urls_have_the_stage(client: Client) -> None:
    assert client.get("/url").json == {"url": client.url("/json"), "request": client.url("/url")}


def test_a_download_keeps_its_bytes(client: Client) -> None:
    reply = client.get("/binary")
    assert reply.headers["content-type"] == "application/octet-stream"
    assert reply.body == bytes(range(256))


def test_a_json_body(client: Client) -> None:
    value = {"text": CAFE, "numbers": [1, 2.5, None], "nested": {"yes": True}}
    reply = client.post_json("/json", value)
    assert reply.status == 200
    assert reply.json == value


def test_a_form(client: Client) -> None:
    reply = client.post_form("/form", [("a", "1"), ("a", "x & y"), ("b", CAFE)])
    assert reply.json == {"a": ["1", "x & y"], "b": [CAFE]}


def test_files_keep_their_bytes(client: Client) -> None:
    files = {"one.bin": random.randbytes(50_000), "two.bin": bytes(range(256))}
    reply = client.post_files("/upload", "files", files)
    assert reply.json == [[name, len(content), sha256(content).hexdigest()] for name, content in files.items()]


def test_a_header_that_is_no_ascii(client: Client, framework: str) -> None:
    reply = client.get("/latin1")
    assert reply.status < 300
    # Quart's headers are UTF-8. Bridge passes on bytes.
    sent = CAFE.encode("utf-8" if framework == "quart" else "latin-1")
    assert reply.headers["x-name"].encode("latin-1") == sent


def test_a_streaming_response_arrives_whole(client: Client) -> None:
    reply = client.get("/stream")
    assert reply.headers["content-type"].startswith("text/plain")
    assert reply.text == "one, two, three"


def test_head_has_no_body(client: Client) -> None:
    reply = client.request("HEAD", "/json")
    assert reply.status == 200
    assert reply.headers["content-type"].startswith("application/json")
    assert reply.body == b""


def test_what_is_not_there(client: Client) -> None:
    assert client.get("/missing").status == 404


def test_an_exception_is_a_500_and_one_traceback(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    reply = client.get("/error")
    assert reply.status == 500
    assert "boom" not in reply.text
    logged = [record for record in caplog.records if record.exc_info]
    assert [str(record.exc_info[1]) for record in logged if record.exc_info] == ["boom"]
    assert logged[0].levelno == logging.ERROR


def test_the_app_sees_the_event(client: Client) -> None:
    assert client.get("/event").json == {"keys": ["aws.context", "aws.event"]}


@pytest.mark.parametrize("framework", [name for name in FRAMEWORKS if name != "litestar"])  # see test_litestar.py
async def test_inside_a_running_loop(framework: str) -> None:
    path = "/flask/json" if framework == "flask-in-fastapi" else "/json"
    result = await function(framework).handle_async(HTTP_V2.event("GET", path))
    assert HTTP_V2.reply(result).json == {"hello": "world"}
