from typing import Any

import pytest

from bridge import ConfigurationError
from bridge.websocket._scope import scope_of, snapshot

from .api import Api, Client

HOST = "w5s0ck3t.execute-api.eu-central-1.amazonaws.com"


def event(kind: str = "CONNECT", **fields: Any) -> dict[str, Any]:
    return {**Client(Api()).event(kind), **fields}


def test_of_a_connect_event_is_what_the_client_has_sent() -> None:
    lines = {
        "Host": [HOST],
        "Connection": ["upgrade"],
        "Upgrade": ["websocket"],
        "Sec-WebSocket-Key": ["x"],
        "Sec-WebSocket-Version": ["13"],
        "Sec-WebSocket-Extensions": ["permessage-deflate"],
        "Sec-WebSocket-Protocol": ["a, b", "c"],
        "User-Agent": ["browser"],
        "X-Forwarded-For": ["203.0.113.7"],
        "X-Probe": ["1", "2"],
    }
    query = {"a": ["1", "2"], "b": ["&"]}
    connect = event(multiValueHeaders=lines, multiValueQueryStringParameters=query)
    scope = scope_of(snapshot(connect, "/café"), connect, None, {"pool": 1})
    assert scope["headers"] == [
        (b"host", HOST.encode()),
        (b"sec-websocket-protocol", b"a, b"),
        (b"sec-websocket-protocol", b"c"),
        (b"user-agent", b"browser"),
        (b"x-forwarded-for", b"203.0.113.7"),
        (b"x-probe", b"1"),
        (b"x-probe", b"2"),
    ]
    assert scope["subprotocols"] == ["a", "b", "c"]
    assert scope["query_string"] == b"a=1&a=2&b=%26"
    assert (scope["path"], scope["raw_path"]) == ("/café", b"/caf%C3%A9")
    assert scope["state"] == {"pool": 1}
    assert scope["aws.event"].raw_event is connect


@pytest.mark.parametrize("kind", ["MESSAGE", "DISCONNECT"])
def test_of_a_later_event_alone_is_what_its_request_context_says(kind: str) -> None:
    later = event(kind, headers={"Host": "x", "x-api-key": "", "X-Forwarded-For": ""})
    scope = scope_of(snapshot(later, "/"), later, None, {})
    assert scope["headers"] == [(b"host", HOST.encode()), (b"user-agent", b"probe/1.0")]
    assert scope["client"] == ("203.0.113.7", 0)
    assert scope["server"] == (HOST, 443)
    assert scope["subprotocols"] == []
    assert scope["query_string"] == b""


def test_needs_little() -> None:
    bare = {"requestContext": {"connectionId": "x", "eventType": "MESSAGE"}}
    scope = scope_of(snapshot(bare, "/"), bare, None, {})
    assert (scope["headers"], scope["client"], scope["server"]) == ([], None, ("localhost", 443))


def test_path_may_be_made_from_the_event() -> None:
    connect = event(queryStringParameters={"path": "rooms/7"})
    snap = snapshot(connect, lambda event: "/" + event["queryStringParameters"]["path"])
    assert scope_of(snap, connect, None, {})["path"] == "/rooms/7"


@pytest.mark.parametrize("path", ["rooms", "", None, 7])
def test_path_that_is_none_is_an_error(path: Any) -> None:
    with pytest.raises(ConfigurationError, match="starts with '/'"):
        snapshot(event(), lambda event: path)
