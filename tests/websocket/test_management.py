import gc
import json
import os
import ssl
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from pathlib import Path
from time import monotonic
from typing import Any

import boto3
import pytest
from botocore.config import Config
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings, strategies as st

import bridge
from bridge import websocket
from bridge.websocket import _api as management
from bridge.websocket._api import LIMIT, ManagementAPI
from bridge.websocket._api.sigv4 import Credentials
from bridge.websocket._api.wire import Line
from bridge.websocket._budget import end_of_time

from ..gateway.behind import SECONDS, Recorder, behind, connection_id
from .server import Answer, Raw, Server, Silence, serving

KEYS = Credentials("AKID", "secret", "token")
ID = "L0SM9cOFvHcCIhw="
CALLS = {
    "POST": lambda api: api.post(ID, "hello"),
    "GET": lambda api: api.get(ID),
    "DELETE": lambda api: api.delete(ID),
}
GONE = Answer(410, b"", (("x-amzn-ErrorType", "GoneException"),))


@pytest.fixture(autouse=True)
def nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that says nothing of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def api(server: Server) -> Iterator[ManagementAPI]:
    api = ManagementAPI(server.url(), region="eu-west-1", credentials=KEYS)
    yield api
    api.close()


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """How long was waited; in truth nobody waits."""
    waited: list[float] = []
    monkeypatch.setattr(management, "sleep", waited.append)
    return waited


# What is sent


def test_the_calls_and_their_answers(api: ManagementAPI, server: Server) -> None:
    found = {"connectedAt": "2026-01-01T00:00:00Z", "identity": {"sourceIp": "192.0.2.1"}}
    server.answers.extend([Answer(), Answer(body=json.dumps(found).encode()), Answer(204)])
    api.post(ID, "naïve")
    assert api.get(ID) == found
    api.delete(ID)
    path = "/prod/@connections/L0SM9cOFvHcCIhw%3D"
    assert [request[:2] for request in server.requests] == [("POST", path), ("GET", path), ("DELETE", path)]
    assert [request.body for request in server.requests] == ["naïve".encode(), b"", b""]


IGNORED = {"user-agent", "amz-sdk-invocation-id", "amz-sdk-request"}


def semantics(headers: dict[str, str]) -> dict[str, str]:
    """Headers without what botocore says of itself, and without a length of zero, which says nothing."""
    return {
        name: value
        for name, value in headers.items()
        if name not in IGNORED and (name, value) != ("content-length", "0")
    }


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(connection_id=st.text("AZaz09+/=_-~.é ", min_size=1).filter(lambda text: text.strip(".")), body=st.binary())
def test_what_is_sent_is_what_boto3_sends(
    api: ManagementAPI, server: Server, reference: Any, connection_id: str, body: bytes
) -> None:
    while True:
        server.answers.extend([Answer(body=b"{}")] * 6)
        api.post(connection_id, body)
        api.get(connection_id)
        api.delete(connection_id)
        reference.post_to_connection(ConnectionId=connection_id, Data=body)
        reference.get_connection(ConnectionId=connection_id)
        reference.delete_connection(ConnectionId=connection_id)
        if len({request.headers["x-amz-date"] for request in server.requests[-6:]}) == 1:
            break  # all in one second: the signatures can be compared
    ours, theirs = server.requests[-6:-3], server.requests[-3:]
    for one, other in zip(ours, theirs, strict=True):
        assert (one.method, one.path, one.body) == (other.method, other.path, other.body)
        assert semantics(one.headers) == semantics(other.headers)


@pytest.fixture
def reference(server: Server) -> Iterator[Any]:
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=server.url(),
        region_name="eu-west-1",
        aws_access_key_id=KEYS.access_key,
        aws_secret_access_key=KEYS.secret_key,
        aws_session_token=KEYS.token,
        config=Config(retries={"total_max_attempts": 1}),
    )
    yield client
    client.close()


@pytest.mark.parametrize("data", ["é" * (LIMIT // 2), b"x" * LIMIT])
def test_a_message_may_have_the_limit(api: ManagementAPI, server: Server, data: str | bytes) -> None:
    api.post(ID, data)
    assert len(server.requests[0].body) == LIMIT


@pytest.mark.parametrize("data", ["é" * (LIMIT // 2) + "x", b"x" * (LIMIT + 1)])
def test_a_message_over_the_limit_is_not_sent(api: ManagementAPI, server: Server, data: str | bytes) -> None:
    with pytest.raises(websocket.MessageTooLargeError, match=r"131,072 bytes.*131,073"):
        api.post(ID, data)
    assert not server.requests


@pytest.mark.parametrize("connection_id", ["", ".", ".."])
def test_what_a_path_would_take_for_something_else_is_no_id(
    api: ManagementAPI, server: Server, connection_id: str
) -> None:
    with pytest.raises(websocket.ManagementError, match="not the id of a connection"):
        api.delete(connection_id)
    assert not server.requests


def test_an_answer_to_get_that_is_no_json_is_shown(api: ManagementAPI, server: Server) -> None:
    server.answers.append(Answer(body=b"<html>"))
    with pytest.raises(websocket.ManagementError, match="200 <html>"):
        api.get(ID)


def test_neither_boto3_nor_sqlite_is_imported_before_it_is_needed() -> None:
    modules = "_api, _dynamodb, _store"
    code = f"import sys; old = {{*sys.modules}}; from bridge.websocket import {modules}; print(*{{*sys.modules}} - old)"
    path = {**os.environ, "PYTHONPATH": str(Path(bridge.__file__).parents[1])}
    run = subprocess.run([sys.executable, "-c", code], env=path, capture_output=True, text=True, check=True)
    new = set(run.stdout.split())
    assert "bridge.websocket._api" in new
    assert not new & {"boto3", "botocore", "sqlite3"}


# Who signs


def test_a_local_gateway_needs_no_credentials(server: Server) -> None:
    api = ManagementAPI(server.url())
    api.post(ID, "hello")
    api.close()
    assert "Credential=local/" in server.requests[0].headers["authorization"]
    assert server.requests[0].headers["host"] == f"localhost:{server.server_port}"


def test_a_local_gateway_takes_what_a_process_without_credentials_sends(monkeypatch: pytest.MonkeyPatch) -> None:
    handler = Recorder()
    with behind(handler) as gateway, gateway.client() as client, monkeypatch.context() as other_process:
        for name in [name for name in os.environ if name.startswith("AWS_")]:  # what a gateway lends its own handler
            other_process.delenv(name)
        api = ManagementAPI(gateway.management_url)
        api.post(connection_id(handler.next("CONNECT")), "hello")
        api.close()
        assert client.recv(timeout=SECONDS) == "hello"


def test_a_local_gateway_gets_a_signature_of_the_credentials_that_the_environment_has(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BRIDGE_LOCAL_SECRET", raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "env")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    api = ManagementAPI(server.url())
    api.post(ID, "hello")
    api.close()
    assert "Credential=env/" in server.requests[0].headers["authorization"]
    assert "/us-east-1/execute-api/" in server.requests[0].headers["authorization"]


def test_credentials_can_be_a_function_that_is_asked_every_time(server: Server) -> None:
    names = iter(["first", "second"])
    api = ManagementAPI(server.url(), credentials=lambda: Credentials(next(names), "b"))
    api.post(ID, "1")
    api.post(ID, "2")
    api.close()
    for name, request in zip(["first", "second"], server.requests, strict=True):
        assert f"Credential={name}/" in request.headers["authorization"]


def test_without_a_region_the_error_says_what_to_set() -> None:
    with pytest.raises(bridge.ConfigurationError, match="AWS_REGION"):
        ManagementAPI("https://ws.example.com/chat")


# What comes back


@pytest.mark.parametrize("method", CALLS)
@pytest.mark.parametrize(
    ("answer", "error", "said"),
    [
        (GONE, websocket.ConnectionGoneError, [ID, "410 GoneException", "$connect"]),
        (Answer(413, b'{"message": "too big"}'), websocket.MessageTooLargeError, [ID, "413 too big"]),
        (
            Answer(403, b'{"Message": "User: x is not authorized"}', (("x-amzn-ErrorType", "AccessDenied:http://x"),)),
            websocket.ManagementError,
            [
                "403 AccessDenied User: x is not authorized",
                "execute-api:ManageConnections",
                "eu-west-1:*:*/*/{method}/",
            ],
        ),
        (
            Answer(400, b'{"message":"Invalid connectionId"}'),
            websocket.ManagementError,
            [ID, "400 Invalid connectionId"],
        ),
        (Answer(501, b"<html>"), websocket.ManagementError, ["{method} @connections/" + ID, "501 <html>", "/prod"]),
        (Answer(302, b"[]"), websocket.ManagementError, ["302"]),
        (Answer(505, b"\xff"), websocket.ManagementError, ["505 \ufffd"]),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Answer) else "",
)
def test_a_refusal_says_what_it_is(
    api: ManagementAPI, server: Server, method: str, answer: Answer, error: type[Exception], said: list[str]
) -> None:
    server.answers.append(answer)
    with pytest.raises(websocket.ManagementError) as raised:
        CALLS[method](api)
    assert type(raised.value) is error
    for part in said:
        assert part.replace("{method}", method) in str(raised.value)
    assert len(server.requests) == 1
    api.post(ID, "the connection is good for more")
    assert server.requests[0].port == server.requests[1].port


def test_a_client_that_is_gone_is_an_os_error_as_asgi_has_it(api: ManagementAPI, server: Server) -> None:
    server.answers.append(GONE)
    with pytest.raises(OSError, match="not connected"):
        api.post(ID, "hello")


def test_the_policy_of_the_page_allows_what_the_error_asks_for(
    api: ManagementAPI, server: Server, template: Any
) -> None:
    server.answers.append(Answer(403))
    (policy,) = template["App"]["Properties"]["Policies"]
    with pytest.raises(websocket.ManagementError) as raised:
        api.post(ID, "hello")
    assert policy["Statement"][1]["Action"] in str(raised.value)
    assert policy["Statement"][1]["Resource"].endswith("/@connections/*")


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_too_many_requests_and_errors_of_the_server_are_tried_again_after_a_while(
    api: ManagementAPI, server: Server, pauses: list[float], status: int
) -> None:
    server.answers.extend([Answer(status), Answer(status)])
    api.post(ID, "hello")
    assert [request.body for request in server.requests] == [b"hello"] * 3
    assert len(pauses) == len(management.PAUSES)
    assert all(0.5 <= pause / usual <= 1.5 for pause, usual in zip(pauses, management.PAUSES, strict=True))


def test_too_many_requests_again_and_again_are_an_error(
    api: ManagementAPI, server: Server, pauses: list[float]
) -> None:
    server.answers.extend([Answer(429, b'{"message":"Too Many"}')] * 10)
    with pytest.raises(websocket.RateLimitError, match=r"refused POST .* 3 times .*Too Many"):
        api.post(ID, "hello")
    assert len(server.requests) == 3


def test_an_error_of_the_server_again_and_again_is_an_error(
    api: ManagementAPI, server: Server, pauses: list[float]
) -> None:
    server.answers.extend([Answer(503, b'{"message":"down"}')] * 10)
    with pytest.raises(websocket.ManagementError, match=r"POST @connections/.* failed \(503 down\)"):
        api.post(ID, "hello")
    assert len(server.requests) == 3


def test_nothing_is_tried_again_without_time_for_it(
    api: ManagementAPI, server: Server, pauses: list[float], monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answers.append(Answer(503))
    monkeypatch.setattr(management, "PAUSES", (3600.0,))
    token = end_of_time.set(monotonic() + 60)
    try:
        with pytest.raises(websocket.ManagementError, match="503"):
            api.post(ID, "hello")
    finally:
        end_of_time.reset(token)
    assert pauses == []


def test_another_refusal_ends_the_attempts(api: ManagementAPI, server: Server, pauses: list[float]) -> None:
    server.answers.extend([Answer(429), GONE])
    with pytest.raises(websocket.ConnectionGoneError):
        api.post(ID, "hello")
    assert len(server.requests) == 2


# TCP connections


def ports(server: Server) -> list[int]:
    return [request.port for request in server.requests]


def test_a_connection_is_kept_for_the_next_call(api: ManagementAPI, server: Server) -> None:
    for number in range(5):
        api.post(ID, str(number))
    assert len(set(ports(server))) == 1
    api.close()
    api.post(ID, "and one more")
    assert len(set(ports(server))) == 2


def test_threads_do_not_share_a_connection_at_the_same_time(api: ManagementAPI, server: Server) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda number: api.post(ID, f"{number} " * 1000), range(64)))
    assert sorted(request.body for request in server.requests) == sorted(f"{n} ".encode() * 1000 for n in range(64))
    assert len(set(ports(server))) <= 8


def test_a_kept_connection_is_closed_when_nothing_keeps_it(server: Server) -> None:
    api = ManagementAPI(server.url(), region="eu-west-1", credentials=KEYS)
    api.post(ID, "a")
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        del api
        gc.collect()
    assert [str(warning.message) for warning in caught if warning.category is ResourceWarning] == []


def test_a_connection_that_the_server_wants_closed_is_not_kept(api: ManagementAPI, server: Server) -> None:
    server.answers.append(Answer(then="say"))
    api.post(ID, "1")
    assert not api._idle
    api.post(ID, "2")
    assert len(set(ports(server))) == 2


def test_a_kept_connection_that_was_closed_is_replaced(api: ManagementAPI, server: Server) -> None:
    server.answers.append(Answer(then="close"))
    api.post(ID, "1")
    api.post(ID, "2")
    assert [request.body for request in server.requests] == [b"1", b"2"]
    assert len(set(ports(server))) == 2


def test_a_kept_connection_is_replaced_once(api: ManagementAPI, server: Server) -> None:
    api.post(ID, "1")
    server.answers.extend([Raw(b""), Raw(b"")])
    with pytest.raises(websocket.ManagementError, match="got no answer"):
        api.post(ID, "2")
    assert [request.body for request in server.requests] == [b"1", b"2", b"2"]


def test_a_new_connection_is_not_replaced(api: ManagementAPI, server: Server) -> None:
    server.answers.append(Raw(b""))
    with pytest.raises(websocket.ManagementError, match="got no answer"):
        api.post(ID, "1")
    assert len(server.requests) == 1


@pytest.mark.parametrize("begun", [b"HTTP/1.1 20", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{"])
def test_a_message_whose_answer_has_begun_is_not_sent_again(api: ManagementAPI, server: Server, begun: bytes) -> None:
    api.post(ID, "1")
    server.answers.append(Raw(begun))
    with pytest.raises(websocket.ManagementError, match="got no answer"):
        api.post(ID, "2")
    assert len(server.requests) == 2


def test_a_message_whose_answer_is_broken_off_is_not_sent_again(
    api: ManagementAPI, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reset(_response: object) -> None:
        raise ConnectionResetError

    api.post(ID, "1")
    monkeypatch.setattr(HTTPResponse, "read", reset)
    server.answers.append(Answer(body=b"x" * 100_000))
    with pytest.raises(websocket.ManagementError, match="ConnectionResetError"):
        api.post(ID, "2")
    assert len(server.requests) == 2


@pytest.mark.parametrize("kept", [False, True], ids=["new connection", "kept connection"])
def test_an_answer_is_not_waited_for_beyond_the_timeout(server: Server, kept: bool) -> None:
    api = ManagementAPI(server.url(), timeout=0.3)
    if kept:
        api.post(ID, "1")
    over = threading.Event()
    server.answers.append(Silence(over))
    try:
        with pytest.raises(websocket.ManagementError, match="TimeoutError"):
            api.post(ID, "2")
    finally:
        over.set()
    assert [request.body for request in server.requests].count(b"2") == 1
    assert not api._idle


def test_a_server_that_is_not_there_is_named() -> None:
    with serving() as server:
        url = server.url()
    with pytest.raises(websocket.ManagementError) as raised:
        ManagementAPI(url).post(ID, "hello")
    assert url in str(raised.value)
    assert "refused" in str(raised.value)


def test_an_interrupted_call_leaves_no_connection_behind(
    api: ManagementAPI, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    api.post(ID, "the connection is kept")
    monkeypatch.setattr(Line, "exchange", interrupted)
    with pytest.raises(KeyboardInterrupt):
        api.post(ID, "hello")
    assert not api._idle


FORK = """
import os, sys
from bridge.websocket._api import ManagementAPI
api = ManagementAPI(sys.argv[1])
api.post("id", "parent")
child = os.fork()
if child == 0:
    api.post("id", "child")
else:
    assert os.waitpid(child, 0)[1] == 0
    api.post("id", "parent")
api.close()
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_a_forked_process_leaves_its_parents_connections_alone(server: Server) -> None:
    path = {**os.environ, "PYTHONPATH": str(Path(bridge.__file__).parents[1])}
    subprocess.run([sys.executable, "-W", "error", "-c", FORK, server.url()], env=path, check=True, timeout=60)
    assert [request.body for request in server.requests] == [b"parent", b"child", b"parent"]
    first, second, third = ports(server)
    assert first == third != second


# TLS


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for localhost that has signed itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(key.private_bytes(*form) + signed.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.fixture
def tls(certificate: Path) -> Iterator[Server]:
    with serving(certificate) as server:
        yield server


def test_https_is_signed_kept_and_replaced_too(tls: Server, certificate: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "role")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "b")
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    api = ManagementAPI(tls.url())
    tls.answers.extend([Answer(), Answer(then="close")])
    for number in range(3):
        api.post(ID, str(number))
    api.close()
    first, second, third = ports(tls)
    assert first == second != third
    assert "Credential=role/" in tls.requests[0].headers["authorization"]
    assert "/eu-west-1/execute-api/" in tls.requests[0].headers["authorization"]


def test_a_certificate_that_nobody_vouches_for_is_refused(tls: Server) -> None:
    api = ManagementAPI(tls.url(), region="eu-west-1", credentials=KEYS)
    with pytest.raises(websocket.ManagementError, match="CERTIFICATE_VERIFY_FAILED") as raised:
        api.post(ID, "hello")
    assert isinstance(raised.value.__cause__, ssl.SSLError)
    assert not tls.requests
