"""`Server`, and what handlers find in their environment."""

import os
import socket
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.errors import ConfigurationError
from bridge.gateway import Gateway, Server, WebSocketGateway
from bridge.gateway._environment import environment, secret

from .behind import OK

URL = "http://127.0.0.1:8000"


def echo(event: dict[str, Any], context: Any) -> object:
    return {"statusCode": 200, "body": event["requestContext"]["http"]["sourceIp"] + event["rawPath"]}


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_gateway_is_served_while_the_block_lasts(host: str) -> None:
    if host == "::1" and not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    before = dict(os.environ)
    with Server(host).serving(Gateway(echo)) as url:
        assert url.startswith("http://[::1]:" if host == "::1" else "http://127.0.0.1:")
        assert httpx.get(url + "/x", headers={"x-forwarded-for": "6.6.6.6"}).text == host + "/x"
        assert os.environ == before
    with pytest.raises(httpx.TransportError):
        httpx.get(url)


def test_requests_of_a_kept_connection_do_not_wait_for_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvloop", None)  # uvicorn would prefer it, and it needs no help
    with Server().serving(Gateway(echo)) as url, httpx.Client() as client:
        times = []
        for _ in range(20):
            start = time.perf_counter()
            client.get(url)
            times.append(time.perf_counter() - start)
        # The least, so that a slow machine does not matter: with Nagle's algorithm, all but the first take 40 ms.
        assert min(times[1:]) < 0.03


def test_websocket_gateways_environment_is_the_process_s_while_the_block_lasts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("BRIDGE_LAMBDA_ENDPOINT", "before")
    monkeypatch.delenv("BRIDGE_MANAGEMENT_ENDPOINT", raising=False)
    with (
        suppress(KeyError),
        Server().serving(WebSocketGateway(lambda event, context: OK, stage="prod")) as url,
    ):
        assert os.environ["BRIDGE_LAMBDA_ENDPOINT"] == url
        assert os.environ["BRIDGE_MANAGEMENT_ENDPOINT"] == f"{url}/prod"
        raise KeyError
    assert os.environ["BRIDGE_LAMBDA_ENDPOINT"] == "before"
    assert "BRIDGE_MANAGEMENT_ENDPOINT" not in os.environ


def test_address_that_is_taken() -> None:
    server = Server()
    port = int(server.url.rpartition(":")[2])
    with pytest.raises(ConfigurationError, match=f"cannot listen on 127.0.0.1, port {port}: "):
        Server(port=port)
    server.close()
    Server(port=port).close()


@pytest.fixture
def nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """An environment without anything of AWS, and its home."""
    for name in list(os.environ):
        if name.startswith("AWS_"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    return tmp_path


ENDPOINTS = {
    "BRIDGE_MANAGEMENT_ENDPOINT": f"{URL}/dev",
    "BRIDGE_LAMBDA_ENDPOINT": URL,
    "BRIDGE_LOCAL_SECRET": secret(),
}
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": secret()}
REGION = {"AWS_REGION": "us-east-1", "AWS_DEFAULT_REGION": "us-east-1"}


def test_environment_has_what_sdks_sign_with(nothing: Path) -> None:
    assert environment(URL, "dev") == ENDPOINTS | CREDENTIALS | REGION


@pytest.mark.parametrize(
    ("name", "value", "more"),
    [
        ("AWS_ACCESS_KEY_ID", "mine", REGION),
        ("AWS_PROFILE", "mine", {}),
        ("AWS_REGION", "eu-west-1", CREDENTIALS),
        ("AWS_DEFAULT_REGION", "eu-west-1", CREDENTIALS),
    ],
)
def test_environment_leaves_credentials_and_region_as_they_are(
    nothing: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str, more: dict[str, str]
) -> None:
    monkeypatch.setenv(name, value)
    assert environment(URL, "dev") == ENDPOINTS | more


@pytest.mark.parametrize("name", ["credentials", "config"])
def test_environment_leaves_credentials_of_a_file_as_they_are(nothing: Path, name: str) -> None:
    (nothing / ".aws").mkdir()
    (nothing / ".aws" / name).touch()
    assert environment(URL, "dev") == ENDPOINTS | REGION


def test_environment_looks_for_the_files_where_the_sdks_do(nothing: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_CONFIG_FILE", str(nothing / "elsewhere"))
    assert environment(URL, "dev") == ENDPOINTS | CREDENTIALS | REGION
    (nothing / "elsewhere").touch()
    assert environment(URL, "dev") == ENDPOINTS | REGION
