import json
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bridge import websocket
from bridge.websocket._api import credentials
from bridge.websocket._api.credentials import Role, environment
from bridge.websocket._api.sigv4 import Credentials

from .server import Answer, Raw, Server, Silence, serving

NOW = 1_800_000_000.0
URL = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


@pytest.fixture(autouse=True)
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A machine on which no credentials are to be found."""
    for name in ("ACCESS_KEY_ID", "SECRET_ACCESS_KEY", "SESSION_TOKEN", "PROFILE"):
        monkeypatch.delenv(f"AWS_{name}", raising=False)
    for name in ("CREDENTIALS_FULL_URI", "CREDENTIALS_RELATIVE_URI", "AUTHORIZATION_TOKEN", "AUTHORIZATION_TOKEN_FILE"):
        monkeypatch.delenv(f"AWS_CONTAINER_{name}", raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def container(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """The endpoint that a function with SnapStart has."""
    with serving() as server:
        monkeypatch.setenv(URL, server.url("/2021-04-23/credentials"))
        yield server


def given(number: int, end: float) -> Answer:
    stamp = datetime.fromtimestamp(end, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    found = {"AccessKeyId": f"A{number}", "SecretAccessKey": f"S{number}", "Token": f"T{number}", "Expiration": stamp}
    return Answer(body=json.dumps(found).encode())


def test_the_environment_is_read_every_time(monkeypatch: pytest.MonkeyPatch) -> None:
    role = Role()
    assert environment() is None
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    assert environment() is None
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert role() == environment() == Credentials("a", "b", None)
    monkeypatch.setenv("AWS_SESSION_TOKEN", "c")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "d")
    assert role() == environment() == Credentials("d", "b", "c")


def test_the_environment_comes_before_the_container(container: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "a")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    assert Role()() == Credentials("a", "b")
    assert not container.requests


def test_the_containers_credentials_are_kept_until_shortly_before_their_end(
    container: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = NOW
    role = Role(clock=lambda: now)
    container.answers.extend([given(1, NOW + 3600), given(2, NOW + 7200)])
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "secret")
    assert role() == Credentials("A1", "S1", "T1")
    now = NOW + 3600 - credentials.EARLY - 1
    assert role() == Credentials("A1", "S1", "T1")
    now += 1
    assert role() == Credentials("A2", "S2", "T2")
    assert [(request.method, request.path) for request in container.requests] == [
        ("GET", "/2021-04-23/credentials")
    ] * 2
    assert container.requests[0].headers["authorization"] == "secret"


def test_several_threads_ask_the_container_once(container: Server) -> None:
    container.answers.append(given(1, NOW))
    role = Role(clock=lambda: 0.0)
    barrier = threading.Barrier(8)

    def ask(_number: int) -> Credentials:
        barrier.wait(20)
        return role()

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(ask, range(8))) == {Credentials("A1", "S1", "T1")}
    assert len(container.requests) == 1


def test_the_containers_token_may_be_in_a_file(
    container: Server, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    file = tmp_path / "token"
    file.write_text("of the file\n")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN", "of the variable")
    monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(file))
    container.answers.append(given(1, NOW))
    Role(clock=lambda: 0.0)()
    assert container.requests[0].headers["authorization"] == "of the file"


def test_a_container_that_wants_no_token_gets_none(container: Server) -> None:
    container.answers.append(given(1, NOW))
    assert Role(clock=lambda: 0.0)().access_key == "A1"
    assert "authorization" not in container.requests[0].headers


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Answer(403, b"bad token"), "403 b'bad token'"),
        (Answer(200, b"<html>"), "JSONDecodeError"),
        (Answer(200, b"{}"), "KeyError"),
        (Answer(200, b'{"Expiration": "soon"}'), "ValueError"),
        (Raw(b""), "RemoteDisconnected"),
        (Raw(b"?\r\n"), "BadStatusLine"),
    ],
)
def test_a_container_that_gives_none_is_named(container: Server, answer: Answer | Raw, said: str) -> None:
    container.answers.append(answer)
    with pytest.raises(websocket.ManagementError) as raised:
        Role()()
    assert container.url("/2021-04-23/credentials") in str(raised.value)
    assert said in str(raised.value)


def test_a_container_that_does_not_answer_is_not_waited_for(container: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()
    container.answers.append(Silence(over))
    monkeypatch.setattr(credentials, "CONTAINER_SECONDS", 0.05)
    try:
        with pytest.raises(websocket.ManagementError, match="TimeoutError"):
            Role()()
    finally:
        over.set()


def test_a_url_without_a_path_is_asked_for_its_root(container: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(URL, container.url(""))
    container.answers.append(given(1, NOW))
    Role(clock=lambda: 0.0)()
    assert container.requests[0].path == "/"


class FakeSession:
    """In place of boto3's, where a test wants to know whether it was asked."""

    def get_credentials(self) -> None:
        return None


@pytest.mark.parametrize("url", ["http://169.254.1.1/x", "https://127.0.0.1:1/x", "file:///etc/passwd", ""])
def test_only_the_loopback_address_is_asked_without_boto3(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import boto3

    monkeypatch.setenv(URL, url)
    monkeypatch.setattr(boto3, "Session", FakeSession)
    with pytest.raises(websocket.ManagementError, match="no AWS credentials"):
        Role()()


def test_a_profile_is_found_by_boto3(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "credentials").write_text(
        "[work]\naws_access_key_id = p\naws_secret_access_key = q\naws_session_token = r\n"
    )
    monkeypatch.setenv("AWS_PROFILE", "work")
    role = Role()
    assert role() == Credentials("p", "q", "r")
    (tmp_path / "credentials").unlink()
    assert role() == Credentials("p", "q", "r")


@pytest.mark.parametrize("module", [True, False], ids=["boto3", "no boto3"])
def test_without_any_credentials_the_error_says_where_they_are_looked_for(
    module: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not module:
        monkeypatch.setitem(sys.modules, "boto3", None)
    with pytest.raises(websocket.ManagementError) as raised:
        Role()()
    for part in ("function's role", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "boto3"):
        assert part in str(raised.value)
