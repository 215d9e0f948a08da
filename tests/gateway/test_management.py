"""The @connections endpoint, as boto3 calls it."""

import re
import threading
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings, strategies as st

from bridge.gateway import _client_connection as connections
from bridge.gateway._client_connection import FRAME_LIMIT, MESSAGE_LIMIT

from .behind import OK, SECONDS, SIGNED, Api, Recorder, behind, connection_id, sdk, signed
from .test_websocket import ended

UNKNOWN = "AAAAAAAAAAAAAAA="


def test_post_is_a_text_message(shared: Api) -> None:
    handler = Recorder()
    with shared.management() as management, shared.client(handler.query) as client:
        identifier = connection_id(handler.next("CONNECT"))
        for data, text in ((b"hi", "hi"), ("ä", "ä"), (b"\xff\x00", "\ufffd\x00"), (b"", "")):
            management.post_to_connection(ConnectionId=identifier, Data=data)
            assert client.recv(timeout=SECONDS) == text


def test_post_has_a_limit(shared: Api) -> None:
    handler = Recorder()
    with shared.management() as management, shared.client(handler.query) as client:
        identifier = connection_id(handler.next("CONNECT"))
        with pytest.raises(management.exceptions.PayloadTooLargeException):
            management.post_to_connection(ConnectionId=identifier, Data=b"x" * (MESSAGE_LIMIT + 1))
        management.post_to_connection(ConnectionId=identifier, Data=b"x" * MESSAGE_LIMIT)
        assert len(client.recv(timeout=SECONDS)) == MESSAGE_LIMIT


@settings(max_examples=20)
@given(size=st.integers(0, MESSAGE_LIMIT // 2) | st.sampled_from([FRAME_LIMIT // 2, FRAME_LIMIT, MESSAGE_LIMIT // 2]))
def test_post_goes_out_in_frames_of_32_kb(size: int, shared: Api) -> None:
    handler = Recorder()
    text = "ä" * size
    with shared.management() as management, shared.raw(handler.query) as client:
        client.open()
        management.post_to_connection(ConnectionId=connection_id(handler.next("CONNECT")), Data=text)
        frames = []
        for frame in client.frames():
            frames.append(frame)
            if frame.fin:
                break
    assert b"".join(frame.data for frame in frames).decode() == text
    assert len(frames) == max(1, -(-size * 2 // FRAME_LIMIT))
    assert max(len(frame.data) for frame in frames) <= FRAME_LIMIT


def test_get_says_who_it_is(shared: Api) -> None:
    handler = Recorder()
    with shared.management() as management, shared.client(handler.query, user_agent_header="U") as client:
        event = handler.next("CONNECT")
        identifier = connection_id(event)
        before = management.get_connection(ConnectionId=identifier)
        client.send("hi")
        handler.next("MESSAGE")
        between = management.get_connection(ConnectionId=identifier)
        management.post_to_connection(ConnectionId=identifier, Data=b"hi")
        after = management.get_connection(ConnectionId=identifier)
    assert before["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "U"}
    connected = datetime.fromtimestamp(event["requestContext"]["connectedAt"] / 1000, UTC)
    assert abs((before["ConnectedAt"] - connected).total_seconds()) < 0.01
    assert before["ConnectedAt"] == between["ConnectedAt"] == after["ConnectedAt"]
    assert before["LastActiveAt"] <= between["LastActiveAt"] <= after["LastActiveAt"]
    assert before["LastActiveAt"] < after["LastActiveAt"]


def test_delete_closes(shared: Api) -> None:
    handler = Recorder()
    with shared.management() as management, shared.client(handler.query) as client:
        identifier = connection_id(handler.next("CONNECT"))
        management.delete_connection(ConnectionId=identifier)
        assert ended(client) == (1000, "Connection Closed Normally")
        context = handler.next("DISCONNECT")["requestContext"]
        assert (context["disconnectStatusCode"], context["disconnectReason"]) == (1000, "Connection Closed Normally")
        for call in (management.delete_connection, management.get_connection):
            with pytest.raises(management.exceptions.GoneException):
                call(ConnectionId=identifier)
        with pytest.raises(management.exceptions.GoneException):
            management.post_to_connection(ConnectionId=identifier, Data=b"late")


def test_connection_that_never_was(shared: Api) -> None:
    with shared.management() as management:
        with pytest.raises(management.exceptions.GoneException):
            management.post_to_connection(ConnectionId=UNKNOWN, Data=b"hi")
        with pytest.raises(ClientError) as invalid:
            management.post_to_connection(ConnectionId="what/is this?", Data=b"hi")
    assert invalid.value.response["Error"] == {
        "Code": "BadRequestException",
        "Message": "Invalid connectionId: what/is this?",
    }


def test_handler_closes_the_connection_whose_message_it_handles(shared: Api) -> None:
    def act(event: dict[str, Any], context: Any) -> object:
        if "body" in event:
            management.delete_connection(ConnectionId=connection_id(event))
            raise ValueError("nobody is told")
        return OK

    handler = Recorder(act)
    with shared.management() as management, shared.client(handler.query) as client:
        client.send("bye")
        assert ended(client) == (1000, "Connection Closed Normally")
        for event_type in ("CONNECT", "MESSAGE", "DISCONNECT"):
            handler.next(event_type)


def test_client_that_reads_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SLOW_SECONDS", 0.2)
    handler = Recorder()
    with behind(handler) as api, api.management() as management, api.raw() as client:
        client.open()
        identifier = connection_id(handler.next("CONNECT"))

        def flood() -> None:
            for _ in range(1000):
                management.post_to_connection(ConnectionId=identifier, Data=b"x" * MESSAGE_LIMIT)

        with pytest.raises(management.exceptions.LimitExceededException):
            flood()
        management.delete_connection(ConnectionId=identifier)  # it does not wait for ever, either
        assert handler.next("DISCONNECT")["requestContext"]["disconnectStatusCode"] == 1000


# Who may


def test_other_stage_and_other_method(shared: Api) -> None:
    with (
        sdk("apigatewaymanagementapi", f"{shared.url}/prod") as management,
        pytest.raises(management.exceptions.ForbiddenException),
    ):
        management.post_to_connection(ConnectionId=UNKNOWN, Data=b"hi")
    url = f"{shared.management_url}/@connections/{UNKNOWN}"
    response = httpx.put(url, headers=signed("PUT", url, "execute-api"))
    assert (response.status_code, response.json()) == (403, {"message": "Forbidden"})


@pytest.mark.parametrize(
    ("header", "kind", "text"),
    [
        (None, "MissingAuthenticationTokenException", "Missing Authentication Token"),
        ("Bearer x", "IncompleteSignatureException", "no Signature Version 4: 'Bearer x'"),
        (SIGNED["authorization"][:-1], "IncompleteSignatureException", "no Signature Version 4: "),
        (
            SIGNED["authorization"].replace("execute-api", "lambda"),
            "InvalidSignatureException",
            "Credential should be scoped to correct service: 'execute-api', not 'lambda'.",
        ),
    ],
)
def test_request_that_is_not_signed(header: str | None, kind: str, text: str, shared: Api) -> None:
    headers = {} if header is None else {"authorization": header}
    response = httpx.post(f"{shared.management_url}/@connections/{UNKNOWN}", content=b"x", headers=headers)
    assert response.status_code == 403
    assert response.headers["x-amzn-errortype"] == kind
    assert response.json()["message"].startswith(text)


# While a client comes and goes


def test_posts_while_the_client_leaves_are_posted_or_refused(shared: Api) -> None:
    handler = Recorder()
    outcomes: list[str] = []
    posting = threading.Event()

    def post(identifier: str) -> None:
        try:
            while True:
                management.post_to_connection(ConnectionId=identifier, Data=b"x" * 1000)
                outcomes.append("posted")
                posting.set()
        except management.exceptions.GoneException:
            outcomes.append("gone")

    with shared.management() as management:
        with shared.client(handler.query) as client:
            thread = threading.Thread(target=post, args=(connection_id(handler.next("CONNECT")),))
            thread.start()
            assert posting.wait(SECONDS)
            client.close()
        thread.join(SECONDS)
    assert not thread.is_alive()
    assert re.fullmatch("(posted )+gone", " ".join(outcomes))
