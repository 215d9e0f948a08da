"""A WebSocket API: what clients and the function see of each other, over real sockets."""

import json
import logging
import re
import threading
import time
from contextlib import ExitStack, suppress
from http import HTTPStatus
from typing import Any

import httpx
import pytest
from starlette.testclient import TestClient
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from bridge.errors import ConfigurationError
from bridge.gateway import WebSocketGateway
from bridge.gateway._client_connection import FRAME_LIMIT, MESSAGE_LIMIT

from .behind import OK, SECONDS, SIGNED, Api, Recorder, behind, connection_id, received

ID = re.compile(r"[A-Za-z0-9_-]{15}=")


def ended(client: Any) -> tuple[int, str]:
    """Close code and reason that a client gets."""
    with pytest.raises(ConnectionClosed) as closed:
        client.recv(timeout=SECONDS)
    assert closed.value.rcvd
    return closed.value.rcvd.code, closed.value.rcvd.reason


# Events


def test_connect_event() -> None:
    handler = Recorder()
    before = time.time()
    headers = [("X-Two", "1"), ("X-Two", "ä"), ("X-Forwarded-Proto", "https"), ("x-forwarded-for", "6.6.6.6")]
    with behind(handler) as api, api.client("?a=1&a=2&b=%C3%A4+&c", additional_headers=headers, user_agent_header="U"):
        pass
    event = handler.next("CONNECT")
    assert list(event) == [
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "requestContext",
        "isBase64Encoded",
    ]
    assert event["isBase64Encoded"] is False
    assert event["queryStringParameters"] == {"a": "2", "b": "ä ", "c": ""}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "b": ["ä "], "c": [""]}
    names = {"Host", "User-Agent", "X-Two", "X-Amzn-Trace-Id", "X-Forwarded-For", "X-Forwarded-Port"}
    names |= {"X-Forwarded-Proto", "Sec-WebSocket-Key", "Sec-WebSocket-Version", "Sec-WebSocket-Extensions"}
    assert event["headers"].keys() == event["multiValueHeaders"].keys() == names
    assert event["headers"]["X-Two"] == "ä"
    assert event["multiValueHeaders"]["X-Two"] == ["1", "ä"]
    assert event["headers"]["X-Forwarded-Proto"] == "http"
    assert event["headers"]["X-Forwarded-For"] == "6.6.6.6, 127.0.0.1"
    context = event["requestContext"]
    assert before * 1000 - 1 <= context["connectedAt"] <= context["requestTimeEpoch"]
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context.pop("requestTime"))
    assert ID.fullmatch(context["connectionId"])
    assert ID.fullmatch(context["requestId"])
    varying = ("connectedAt", "requestTimeEpoch", "connectionId", "requestId", "extendedRequestId")
    assert {name: context[name] for name in context if name not in varying} == {
        "routeKey": "$connect",
        "eventType": "CONNECT",
        "messageDirection": "IN",
        "stage": "dev",
        "identity": {"sourceIp": "127.0.0.1", "userAgent": "U"},
        "domainName": event["headers"]["Host"],
        "apiId": "local",
    }
    assert context["extendedRequestId"] == context["requestId"]


def test_connect_event_has_queries_and_a_user_agent_only_if_the_client_has() -> None:
    handler = Recorder()
    with behind(handler) as api, api.client(user_agent_header=None):
        event = handler.next("CONNECT")
    assert "queryStringParameters" not in event
    assert "multiValueQueryStringParameters" not in event
    assert event["requestContext"]["identity"] == {"sourceIp": "127.0.0.1"}


def test_message_and_disconnect_events(shared: Api) -> None:
    handler = Recorder()
    with shared.client(handler.query) as client:
        client.send("ä")
        connected, message = handler.next("CONNECT"), handler.next("MESSAGE")
        client.close(4001, "enough")
        ended = handler.next("DISCONNECT")
    assert message == {"requestContext": message["requestContext"], "body": "ä", "isBase64Encoded": False}
    assert list(ended) == ["headers", "multiValueHeaders", "requestContext", "isBase64Encoded"]
    host = connected["headers"]["Host"]
    assert ended["headers"] == {"Host": host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
    assert ended["multiValueHeaders"] == {name: [value] for name, value in ended["headers"].items()}
    contexts = [event["requestContext"] for event in (connected, message, ended)]
    assert [context["routeKey"] for context in contexts] == ["$connect", "$default", "$disconnect"]
    for name in ("connectionId", "connectedAt", "identity", "stage", "domainName", "apiId"):
        assert contexts[0][name] == contexts[1][name] == contexts[2][name]
    assert len({context["requestId"] for context in contexts}) == 3
    assert ID.fullmatch(contexts[1]["messageId"])
    assert [sorted(context.keys() - contexts[0].keys()) for context in contexts] == [
        [],
        ["messageId"],
        ["disconnectReason", "disconnectStatusCode"],
    ]
    assert (contexts[2]["disconnectStatusCode"], contexts[2]["disconnectReason"]) == (4001, "enough")


def test_close_without_a_status(shared: Api) -> None:
    handler = Recorder()
    with shared.raw(handler.query) as client:
        client.open()
        client.protocol.send_close()
        client.flush()
        handler.next("CONNECT")
        context = handler.next("DISCONNECT")["requestContext"]
    assert context["disconnectStatusCode"] == 1005
    assert context["disconnectReason"] == "Client-side close frame status not set"


def test_connection_that_breaks_off(shared: Api) -> None:
    handler = Recorder()
    with shared.raw(handler.query) as client:
        client.open()
    handler.next("CONNECT")
    context = handler.next("DISCONNECT")["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1006, "")


# $connect


@pytest.mark.parametrize("status", [200, 204, 299, "201"])
def test_status_that_opens(status: Any, shared: Api) -> None:
    handler = Recorder(lambda event, context: {"statusCode": status, "body": "ignored"})
    with shared.client(handler.query) as client:
        client.ping().wait(SECONDS)


@pytest.mark.parametrize(
    ("result", "status"),
    [
        ({"statusCode": 401}, 401),
        ({"statusCode": 302, "headers": {"location": "/"}}, 302),
        ({"statusCode": 500, "body": "secret"}, 500),
        (None, 502),
        ("text", 502),
        ({}, 502),
        ({"statusCode": "fine"}, 502),
        ({"statusCode": 200, "headers": "x"}, 502),
        ({"statusCode": 200, "body": {1, 2}}, 502),
    ],
)
def test_answer_that_refuses(result: Any, status: int, shared: Api) -> None:
    handler = Recorder(lambda event, context: result)
    for _ in range(2):
        with pytest.raises(InvalidStatus) as refused, shared.client(handler.query):
            pass
        assert refused.value.response.status_code == status
        assert refused.value.response.body == b""
        handler.next("CONNECT")  # and no DISCONNECT between the two


def test_handler_that_raises_refuses(caplog: pytest.LogCaptureFixture) -> None:
    def handler(event: Any, context: Any) -> None:
        raise KeyError("mistake")

    with behind(handler) as api, pytest.raises(InvalidStatus) as refused, api.client():
        pass
    assert refused.value.response.status_code == HTTPStatus.BAD_GATEWAY
    assert "the function failed" in caplog.text
    assert "KeyError: 'mistake'" in caplog.text


def test_handler_that_takes_too_long_refuses(caplog: pytest.LogCaptureFixture) -> None:
    go_on = threading.Event()

    def handler(event: Any, context: Any) -> object:
        go_on.wait(SECONDS)
        return OK

    with behind(handler, timeout=0.05) as api:
        with pytest.raises(InvalidStatus) as refused, api.client():
            pass
        go_on.set()
    assert refused.value.response.status_code == 502
    assert "the function took longer than 0.05 s" in caplog.text


@pytest.mark.parametrize(
    ("answer", "chosen"),
    [
        ({"headers": {"Sec-WebSocket-Protocol": "b"}}, "b"),
        ({"headers": {"sec-websocket-protocol": "a"}}, "a"),
        ({"multiValueHeaders": {"Sec-Websocket-Protocol": ["a"]}}, "a"),
        ({"headers": {"x-other": "b"}}, None),
        ({}, None),
    ],
)
def test_subprotocol_is_what_the_answer_says(answer: dict[str, Any], chosen: str | None, shared: Api) -> None:
    handler = Recorder(lambda event, context: {**OK, **answer})
    with shared.client(handler.query, subprotocols=["a", "b"]) as client:
        assert client.subprotocol == chosen
    assert handler.next("CONNECT")["headers"]["Sec-WebSocket-Protocol"] in ("a, b", "a,b")


def test_connection_is_there_when_connect_has_returned(shared: Api) -> None:
    outcomes: list[str] = []

    def act(event: dict[str, Any], context: Any) -> object:
        try:
            management.post_to_connection(ConnectionId=connection_id(event), Data=b"hello")
        except management.exceptions.GoneException:
            outcomes.append("gone")
        return OK

    handler = Recorder(act)
    with shared.management() as management:
        with shared.client(handler.query) as client:
            client.send("hi")
            assert client.recv(timeout=SECONDS) == "hello"
            assert outcomes == ["gone"]
            client.close()
            for event_type in ("CONNECT", "MESSAGE", "DISCONNECT"):
                handler.next(event_type)
        with shared.client(handler.query):
            assert outcomes[1:] == ["gone", "gone"]  # to say goodbye is too late
            client.close()
        handler.next("CONNECT")
        handler.next("DISCONNECT")


@pytest.mark.parametrize("status", [200, 403])
def test_client_that_leaves_while_it_is_asked_for(status: int, shared: Api) -> None:
    asked, left = threading.Event(), threading.Event()

    def act(event: dict[str, Any], context: Any) -> object:
        if event["requestContext"]["eventType"] == "CONNECT" and not asked.is_set():
            asked.set()
            assert left.wait(SECONDS)
            return {"statusCode": status}
        return OK

    handler = Recorder(act)
    with shared.management() as management:
        with shared.raw(handler.query):
            assert asked.wait(SECONDS)
        first = handler.next("CONNECT")
        with shared.client(handler.query):  # by now the server knows that the first has left
            left.set()
            second = handler.next("CONNECT")
            if status == 200:
                context = handler.next("DISCONNECT")["requestContext"]
                assert context["connectionId"] == connection_id(first)
                assert context["disconnectStatusCode"] == 1006
            with pytest.raises(management.exceptions.GoneException):
                management.get_connection(ConnectionId=connection_id(first))
        assert connection_id(handler.next("DISCONNECT")) == connection_id(second)


# Messages


class Meeting:
    """A handler whose messages wait for each other, if there are to be several at once."""

    def __init__(self, size: int) -> None:
        self.barrier = threading.Barrier(size)
        self.bodies: list[str] = []

    def __call__(self, event: dict[str, Any], context: Any) -> object:
        if "body" in event:
            self.barrier.wait(SECONDS)
            self.bodies.append(event["body"])
        return {**OK, "body": event.get("body", "")}


def test_messages_of_one_connection_are_handled_at_once() -> None:
    with behind(Meeting(3), concurrency=3, route_response=True) as api, api.client() as client:
        for number in range(6):
            client.send(str(number))
        assert {client.recv(timeout=SECONDS) for _ in range(6)} == set("012345")


def test_with_a_concurrency_of_one_they_wait_in_line() -> None:
    meeting = Meeting(1)
    with behind(meeting, route_response=True) as api, api.client() as client:
        for number in range(20):
            client.send(str(number))
        assert [client.recv(timeout=SECONDS) for _ in range(20)] == [str(number) for number in range(20)]
    assert meeting.bodies == [str(number) for number in range(20)]


def test_result_of_a_message_is_not_sent(shared: Api) -> None:
    def act(event: dict[str, Any], context: Any) -> object:
        if event.get("body") == "last":
            management.post_to_connection(ConnectionId=connection_id(event), Data=b"posted")
        return {"statusCode": 500, "body": "returned"} if "body" in event else OK

    handler = Recorder(act)
    with shared.management() as management, shared.client(handler.query) as client:
        client.send("first")
        handler.next("CONNECT")
        handler.next("MESSAGE")
        client.send("last")
        assert client.recv(timeout=SECONDS) == "posted"


@pytest.mark.parametrize("result", [None, "text", {}, {"statusCode": 99}, {"statusCode": 200, "body": 1}])
def test_handler_that_fails_a_message(result: Any, shared: Api) -> None:
    handler = Recorder(lambda event, context: result if "body" in event else OK)
    with shared.client(handler.query) as client:
        client.send("hi")
        handler.next("CONNECT")
        context = handler.next("MESSAGE")["requestContext"]
        assert received(client) == {
            "message": "Internal server error",
            "connectionId": context["connectionId"],
            "requestId": context["requestId"],
        }
        client.ping().wait(SECONDS)


def test_failure_after_the_client_has_left_is_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    left = threading.Event()

    def act(event: dict[str, Any], context: Any) -> object:
        if event["requestContext"]["eventType"] == "DISCONNECT":
            left.set()
        elif "body" in event:
            assert left.wait(SECONDS)
            raise ValueError("too late")
        return OK

    with behind(act, concurrency=2) as api, api.client() as client:
        client.send("hi")
        client.close()
    assert "ValueError: too late" in caplog.text
    assert "Task" not in caplog.text
    assert "uvicorn" not in {record.name.partition(".")[0] for record in caplog.records}


@pytest.mark.parametrize(
    ("body", "route_key"),
    [
        ('{"action": "join"}', "join"),
        ('{"action": "leave"}', "leave"),
        ('{"action": "fly"}', "$default"),
        ('{"action": "$connect"}', "$default"),
        ('{"action": ["join"]}', "$default"),
        ('["join"]', "$default"),
        ("join", "$default"),
        ("", "$default"),
    ],
)
def test_route_of_a_message(body: str, route_key: str, shared: Api) -> None:
    handler = Recorder()
    with shared.client(handler.query) as client:
        client.send(body)
        handler.next("CONNECT")
        assert handler.next("MESSAGE")["requestContext"]["routeKey"] == route_key


@pytest.mark.parametrize("expression", ["$request.body.a.b", "${request.body.a.b}"])
def test_route_that_is_further_inside(expression: str) -> None:
    handler = Recorder()
    options = {"routes": ["join"], "route_selection_expression": expression}
    with behind(handler, **options) as api, api.client() as client:
        client.send('{"a": {"b": "join"}}')
        handler.next("CONNECT")
        assert handler.next("MESSAGE")["requestContext"]["routeKey"] == "join"


# Limits


def test_binary_messages_are_not_taken(shared: Api) -> None:
    handler = Recorder()
    with shared.client(handler.query) as client:
        client.send(b"\x00")
        assert ended(client)[0] == 1003
        handler.next("CONNECT")
        assert handler.next("DISCONNECT")["requestContext"]["disconnectStatusCode"] == 1003


def test_largest_message_in_largest_frames(shared: Api) -> None:
    handler = Recorder()
    text = "ä" * (MESSAGE_LIMIT // 2)
    frames = [text.encode()[start : start + FRAME_LIMIT] for start in range(0, MESSAGE_LIMIT, FRAME_LIMIT)]
    with shared.raw(handler.query) as client:
        client.open()
        client.protocol.send_text(frames[0], fin=False)
        for frame in frames[1:]:
            client.protocol.send_continuation(frame, fin=frame is frames[-1])
        client.flush()
        handler.next("CONNECT")
        assert handler.next("MESSAGE")["body"] == text


@pytest.mark.parametrize("sizes", [[FRAME_LIMIT + 1], [*[FRAME_LIMIT] * 4, 1], [10, FRAME_LIMIT + 1]])
def test_frame_or_message_that_is_too_large(sizes: list[int], shared: Api) -> None:
    handler = Recorder()
    with shared.client(handler.query) as client:
        with suppress(ConnectionClosed):  # the end may come before the last frame is out
            client.send("x" * size for size in sizes)
        assert ended(client)[0] == 1009
        handler.next("CONNECT")
        assert handler.next("DISCONNECT")["requestContext"]["disconnectStatusCode"] == 1009


def test_text_that_is_no_utf8(shared: Api) -> None:
    handler = Recorder()
    with shared.client(handler.query) as client:
        client.send(b"\xff", text=True)
        assert ended(client)[0] == 1007


def test_compression_is_not_negotiated(shared: Api) -> None:
    handler = Recorder()
    with shared.client(handler.query) as client:
        assert "Sec-WebSocket-Extensions" not in client.response.headers  # type: ignore[union-attr]


@pytest.mark.parametrize("option", ["idle_timeout", "lifetime"])
def test_connection_that_has_been_there_for_too_long(option: str) -> None:
    handler = Recorder()
    with behind(handler, **{option: 0.1}) as api, api.client() as client:
        assert ended(client) == (1001, "Going away")
        handler.next("CONNECT")
        context = handler.next("DISCONNECT")["requestContext"]
    assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1001, "Going away")


# What is no connection


@pytest.mark.parametrize("path", ["/", "/prod", "/dev/hello", "/dev/@connections/x", "/devil"])
def test_path_that_is_not_the_stage(path: str, shared: Api) -> None:
    with pytest.raises(InvalidStatus) as refused, connect(shared.url.replace("http", "ws") + path):
        pass
    assert refused.value.response.status_code == 403
    assert json.loads(refused.value.response.body) == {"message": "Forbidden"}


def test_the_log_says_what_the_stage_s_path_is(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    with behind(Recorder()) as api, pytest.raises(InvalidStatus), connect(api.url.replace("http", "ws") + "/ws"):
        pass
    assert "'/ws' is not the stage's path, /dev" in caplog.text


def test_slash_after_the_stage() -> None:
    with behind(Recorder(), stage="prod") as api, connect(api.ws_url + "/") as client:
        client.ping().wait(SECONDS)


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"handler": "app:handler"}, "'app:handler' cannot be called"),
        ({"stage": "$default"}, "'$default'"),
        ({"stage": "a/b"}, "'a/b'"),
        ({"concurrency": 0}, "concurrency"),
        ({"timeout": 0}, "timeout"),
        ({"idle_timeout": 0}, "idle_timeout"),
        ({"lifetime": -1}, "lifetime"),
        ({"route_selection_expression": "$request.header.action"}, "'$request.header.action'"),
        ({"route_selection_expression": "$request.body"}, "'$request.body'"),
    ],
)
def test_argument_that_cannot_work(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=re.escape(complaint)):
        WebSocketGateway(**{"handler": Recorder(), **options})


# The end


def test_end_of_the_server_is_the_end_of_its_connections(caplog: pytest.LogCaptureFixture) -> None:
    class Closing(Recorder):
        closed = False

        def close(self) -> None:
            self.closed = True

    handler = Closing()
    caplog.set_level(logging.INFO, "bridge.gateway")
    with ExitStack() as clients:
        with behind(handler) as api:
            client = clients.enter_context(api.client())
            identifier = connection_id(handler.next("CONNECT"))
        assert ended(client)[0] == 1012
    assert handler.closed
    assert f"DISCONNECT {identifier} is not sent: the server ends" in caplog.text
    assert f"DISCONNECT {identifier} 200" not in caplog.text


# Without a socket


def test_starlettes_test_client() -> None:
    handler = Recorder()
    with TestClient(WebSocketGateway(handler, route_response=True)) as client:
        with client.websocket_connect("/dev", headers={"User-Agent": "U"}) as websocket:
            event = handler.next("CONNECT")
            assert event["requestContext"]["domainName"] == "testserver:80"
            path = f"/dev/@connections/{connection_id(event)}"
            assert client.post(path, content=b"hello", headers=SIGNED).status_code == 200
            assert websocket.receive_text() == "hello"
            websocket.send_text("x" * (MESSAGE_LIMIT + 1))
            assert websocket.receive() == {"type": "websocket.close", "code": 1009, "reason": ""}
        assert handler.next("DISCONNECT")["requestContext"]["disconnectStatusCode"] == 1009
        assert client.post(path, content=b"hello", headers=SIGNED).status_code == 410


@pytest.mark.parametrize("path", ["", "/", "/dev", "/prod/@connections/x", "/dev/x/@connections/x"])
def test_plain_requests_are_forbidden(path: str, shared: Api) -> None:
    response = httpx.get(shared.url + path)
    assert (response.status_code, response.json()) == (403, {"message": "Forbidden"})
    assert response.headers["x-amzn-errortype"] == "ForbiddenException"
