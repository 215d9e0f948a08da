"""HTTP off the wire."""

import weakref

import pytest
from hypothesis import given, strategies as st

from bridge.runtime._reply import HEAD_LIMIT, MalformedError, Reply, head

BODIES = st.binary(max_size=300)
CUTS = st.lists(st.integers(min_value=1, max_value=50), max_size=20)


def sized(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nX-Name:  a value \r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


def chunked(parts: list[bytes]) -> bytes:
    chunks = b"".join(b"%X;ext=1\r\n%b\r\n" % (len(part), part) for part in parts if part)
    return b"HTTP/1.1 200 OK\r\nX-Name: a value\r\nTransfer-Encoding: Chunked\r\n\r\n" + chunks + b"0\r\nT: 1\r\n\r\n"


CASES = BODIES.map(lambda body: (sized(body), body)) | st.lists(BODIES).map(
    lambda parts: (chunked(parts), b"".join(parts))
)


def fed(data: bytes, cuts: list[int]) -> Reply:
    reply = Reply()
    for cut in cuts:
        if not reply.complete and data:
            reply.feed(data[:cut])
            data = data[cut:]
    if data:
        reply.feed(data)
    return reply


@given(CASES, CUTS)
def test_a_reply_is_the_same_in_whatever_pieces_it_comes(case: tuple[bytes, bytes], cuts: list[int]) -> None:
    data, body = case
    reply = fed(data, cuts)
    assert reply.complete
    assert (reply.status, bytes(reply.body), reply.headers["x-name"]) == (200, body, "a value")
    assert reply.end()
    assert not reply.closes


@given(CASES, st.data())
def test_a_reply_that_is_cut_short_is_not_complete(case: tuple[bytes, bytes], draw: st.DataObject) -> None:
    data, _ = case
    part = data[: draw.draw(st.integers(min_value=0, max_value=len(data) - 1))]
    reply = fed(part, [])
    assert not reply.complete
    assert not reply.end()


@given(BODIES, CUTS)
def test_a_body_without_a_length_ends_with_the_connection(body: bytes, cuts: list[int]) -> None:
    reply = fed(b"HTTP/1.0 200 OK\r\n\r\n" + body, cuts)
    assert not reply.complete
    assert reply.end()
    assert bytes(reply.body) == body
    assert reply.closes


def test_no_content_has_no_body() -> None:
    reply = fed(b"HTTP/1.1 204 No Content\r\nConnection: Close\r\n\r\n", [])
    assert reply.complete
    assert reply.closes


def test_a_reply_knows_whether_anything_has_come() -> None:
    reply = Reply()
    assert not reply.received
    reply.feed(b"H")
    assert reply.received


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"SSH-2.0\r\n\r\n", "expected a status line of HTTP/1.1, got 'SSH-2.0'"),
        (b"HTTP/2 200\r\n\r\n", "expected a status line"),
        (b"HTTP/1.1 OK\r\n\r\n", "expected a status line"),
        (b"HTTP/1.1 200 OK\r\nno header\r\n\r\n", "expected a header, got 'no header'"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "expected a Content-Length, got '-1'"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", "expected a chunk's size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n", "expected a chunk's size"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nabc", "a chunk is longer than its size says"),
        (sized(b"abc") + b"HTTP", "4 bytes came after the end of a reply"),
        (chunked([b"abc"]) + b"HTTP", "4 bytes came after the end of a reply"),
        (b"HTTP/1.1 200 OK\r\n" + b"x" * HEAD_LIMIT, "more than 262,144 bytes"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * HEAD_LIMIT + b"\r\n\r\n", "more than 262,144 bytes"),
    ],
)
def test_what_is_no_http_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(MalformedError, match=complaint):
        fed(data, [])


def test_a_header_may_have_text_of_any_language() -> None:
    reply = fed('HTTP/1.1 200 OK\r\nX: {"name": "é"}\r\nContent-Length: 0\r\n\r\n'.encode(), [])
    assert reply.headers["x"] == '{"name": "é"}'


def test_a_request_s_head() -> None:
    assert head("GET", "/a", "host:1", "X: y\r\n") == b"GET /a HTTP/1.1\r\nHost: host:1\r\nX: y\r\n\r\n"


@given(st.lists(st.sampled_from([b"100 Continue", b"102 Processing", b"103 Early Hints"]), max_size=3), BODIES, CUTS)
def test_interim_replies_are_passed_over(interim: list[bytes], body: bytes, cuts: list[int]) -> None:
    data = b"".join(b"HTTP/1.1 %b\r\nX-Name: early\r\n\r\n" % line for line in interim) + sized(body)
    reply = fed(data, cuts)
    assert (reply.complete, reply.status, reply.headers["x-name"], bytes(reply.body)) == (True, 200, "a value", body)


@pytest.mark.parametrize("line", ["X: a\rb", "a\rX: b", "X\r: b"])
def test_a_carriage_return_alone_ends_no_line(line: str) -> None:
    with pytest.raises(MalformedError, match="expected a header, got "):
        fed(f"HTTP/1.1 200 OK\r\nA: b\r\n{line}\r\nContent-Length: 0\r\n\r\n".encode(), [])


@pytest.mark.parametrize(
    ("line", "value"), [("X:", ""), ("X: \t ", ""), ("X:a", "a"), ("X: \t a: b \t", "a: b"), ("X: a\tb", "a\tb")]
)
def test_white_space_around_a_value_is_not_of_it(line: str, value: str) -> None:
    assert fed(f"HTTP/1.1 200 OK\r\n{line}\r\nContent-Length: 0\r\n\r\n".encode(), []).headers["x"] == value


def test_a_reply_is_freed_without_the_garbage_collector() -> None:
    reply = fed(sized(b"abc"), [])
    gone = weakref.ref(reply)
    del reply
    assert gone() is None
