"""Whatever is sent and whatever is answered: through a gateway it arrives as it does without one."""

from typing import Any
from urllib.parse import quote, quote_plus

import httpx
import pytest
from hypothesis import example, given, settings, strategies as st

from bridge import Bridge
from bridge._http import NOT_FORWARDED
from bridge._http.body import decoded
from bridge.gateway import Gateway
from bridge.sources._client_request import ClientRequest, multi

from ..apps import APPS, Asgi, Interface, Reply, Wsgi
from ..reverse import EVENTS
from .views import Got, Headers, Sent, after_request_losses, after_response_losses

WAYS: dict[str, dict[str, Any]] = {
    "rest": {"api": "rest"},
    "http 1.0": {"api": "http", "payload": "1.0"},
    "http 2.0": {"api": "http"},
    "url": {"api": "url"},
    "alb": {"api": "alb"},
    "alb multi": {"api": "alb", "multi_value": True},
    "lattice 1": {"api": "lattice", "payload": "1.0"},
    "lattice 2": {"api": "lattice"},
    "edge viewer": {"api": "edge", "trigger": "viewer-request"},
    "edge origin": {"api": "edge"},
}
OWN = {"x-forwarded-for", "x-forwarded-port", "x-forwarded-proto", "x-amzn-trace-id", "via"}
OWN |= {"x-amzn-tls-cipher-suite", "x-amzn-tls-version"}
EXECUTE_API = "local.execute-api.us-east-1.amazonaws.com"

# Requests

TOKENS = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=8)
TEXTS = st.text(max_size=8)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "BREW"])
SEGMENTS = st.one_of(
    TEXTS.map(lambda text: quote(text, safe="!$&'()*+,;=:@~")),
    TEXTS.map(lambda text: quote(text, safe="")),
    st.sampled_from(["", "prod", "a+b", "a;b=c", "%2F", "%2f", "%3F", "%25", "%2541", "%FF", "%00"]),
)
PATHS = st.lists(SEGMENTS, max_size=4).map(lambda segments: "/" + "/".join(segments))
PARAMETERS = st.one_of(
    st.tuples(TEXTS, TEXTS).map(lambda pair: f"{quote(pair[0])}={quote(pair[1])}"),
    st.tuples(TOKENS, TEXTS).map(lambda pair: f"{pair[0]}={quote_plus(pair[1])}"),
    st.sampled_from(["", "a", "a=", "=b", "a=1", "a=2", "a=b=c", "a=1;b=2", "a=x+y", "a=x%2By", "%C3%A4=%FF"]),
)
QUERIES = st.lists(PARAMETERS, max_size=4).map("&".join)
VALUES = st.text(st.characters(categories=["L", "N", "P", "S"]), max_size=8)
REQUEST_LINES = st.lists(
    st.one_of(
        st.tuples(TOKENS.map("x-".__add__), VALUES),
        st.tuples(st.sampled_from(["x-probe", "x-probe-2"]), VALUES),
        st.tuples(st.just("cookie"), st.sampled_from(["a=1", "b=2; c=3", 'd="4 5"'])),
    ).filter(lambda line: line[0] not in OWN),
    max_size=5,
)
CONTENT_TYPES = st.sampled_from(
    [
        None,
        "text/plain",
        "text/html; charset=utf-8",
        "text/plain; charset=latin-1",
        "application/json",
        "application/problem+json",
        "application/octet-stream",
        "application/x-www-form-urlencoded",
        "image/png",
        "image/svg+xml",
        "multipart/form-data; boundary=b",
    ]
)
BODIES = st.binary(max_size=64) | st.text(max_size=32).map(str.encode)


@st.composite
def requests(draw: st.DrawFn, root_path: str = "") -> Sent:
    body = draw(BODIES)
    lines = draw(REQUEST_LINES)
    content_type = draw(CONTENT_TYPES)
    if content_type is not None:
        lines.append(("content-type", content_type))
    if body:
        lines.append(("content-length", str(len(body))))
    return Sent(
        method=draw(METHODS),
        raw_path=root_path + draw(PATHS),
        query=draw(QUERIES),
        headers=multi([("host", "local"), *lines]),
        body=body,
        root_path=root_path,
    )


# Responses

OCTETS = st.sampled_from([bytes([octet]) for octet in range(256) if octet > 31 and octet != 127] + [b"\t"])
RESPONSE_VALUES = st.lists(OCTETS, max_size=8).map(lambda octets: b"".join(octets).strip(b" \t"))
NAMES = st.text("abcXYZ019-!#$%&'*+.^_`|~", min_size=1, max_size=8).filter(
    lambda name: name.lower() not in NOT_FORWARDED
)
RESPONSE_LINES = st.lists(
    st.one_of(
        st.tuples(NAMES, RESPONSE_VALUES),
        st.tuples(
            st.sampled_from(["Vary", "vary", "date", "server", "host", "user-agent", "WWW-Authenticate"]),
            RESPONSE_VALUES,
        ),
        st.tuples(st.sampled_from(["set-cookie", "Set-Cookie"]), st.sampled_from([b"a=1", b"b=2; Path=/", b"c=\xe4"])),
    ),
    max_size=6,
)


@st.composite
def replies(draw: st.DrawFn) -> Reply:
    lines = draw(RESPONSE_LINES)
    content_type = draw(CONTENT_TYPES)
    if content_type is not None:
        lines.append(("Content-Type", content_type.encode()))
    return Reply(status=draw(st.integers(200, 599)), headers=lines, body=draw(BODIES))


# Both ways of sending


async def send(transport: httpx.AsyncBaseTransport, sent: Sent) -> Got:
    target = f"{sent.raw_path}?{sent.query}" if sent.query else sent.raw_path
    lines = [(name.encode(), value.encode()) for name, values in sent.headers.items() for value in values]
    url = httpx.URL("http://local").copy_with(raw_path=target.encode())
    response = await transport.handle_async_request(httpx.Request(sent.method, url, headers=lines, content=sent.body))
    headers = [(name.decode().lower(), value.decode("latin-1")) for name, value in response.headers.raw]
    body = await response.aread()
    return Got(
        status=response.status_code,
        headers=multi([line for line in headers if line[0] != "content-length"]),
        body=body,
    )


def arrived(app: Asgi | Wsgi) -> Sent:
    (seen,) = app.seen
    headers: Headers = {name: values for name, values in seen.headers.items() if name not in OWN}
    return Sent(
        method=seen.method,
        raw_path=seen.raw["raw_path"].decode() if isinstance(app, Asgi) else quote(seen.path),
        query=seen.query,
        headers=headers,
        body=seen.body,
        root_path=seen.root_path,
        client=seen.client,
    )


async def check(way: str, interface: Interface, sent: Sent, reply: Reply, **settings: Any) -> None:
    direct, bridged = Asgi(reply), APPS[interface](reply)
    want = await send(httpx.ASGITransport(direct, root_path=sent.root_path), sent)
    gateway = Gateway(Bridge(bridged, lifespan="off"), **WAYS[way], **settings)
    got = await send(httpx.ASGITransport(gateway), sent)
    assert got == after_response_losses(want, way)
    ways = [way, "wsgi"] if interface == "wsgi" else [way]
    wanted = after_request_losses(arrived(direct), *ways)
    found = arrived(bridged)
    assert (after_request_losses(found, "wsgi") if interface == "wsgi" else found) == wanted


every_way = pytest.mark.parametrize("way", WAYS)
modest = settings(max_examples=40)


@every_way
@pytest.mark.parametrize("interface", APPS)
@modest
@given(sent=requests(), reply=replies())
async def test_gateway_loses_only_what_aws_loses(way: str, interface: Interface, sent: Sent, reply: Reply) -> None:
    await check(way, interface, sent, reply)


@pytest.mark.parametrize("way", ["rest", "http 1.0", "http 2.0"])
@pytest.mark.parametrize("interface", APPS)
@modest
@given(sent=requests(root_path="/prod"))
async def test_stage_is_the_root_path(way: str, interface: Interface, sent: Sent) -> None:
    await check(way, interface, sent, Reply(), stage="prod")


@every_way
@modest
@given(sent=requests(), reply=replies())
async def test_concurrency_changes_nothing(way: str, sent: Sent, reply: Reply) -> None:
    await check(way, "asgi", sent, reply, concurrency=2)


# Events


@every_way
@given(sent=requests())
def test_event_gives_the_call_back(way: str, sent: Sent) -> None:
    give_back(way, sent, "$default")


@pytest.mark.parametrize("way", ["rest", "http 1.0", "http 2.0"])
@given(sent=requests(root_path="/prod"))
@example(
    sent=Sent(method="GET", raw_path="/prod//prod/", query="", headers={"host": ["local"]}, body=b"", root_path="/prod")
).via("a path that starts with the stage's name, when its double slash is lost")
def test_event_with_a_stage_gives_the_call_back(way: str, sent: Sent) -> None:
    give_back(way, sent, "prod")


def give_back(way: str, sent: Sent, stage: str) -> None:
    event, source = EVENTS[way]
    call = ClientRequest(
        method=sent.method,
        raw_path=sent.raw_path,
        query_string=sent.query,
        headers=[(name, value) for name, values in sent.headers.items() for value in values]
        + [("x-forwarded-for", "127.0.0.1"), ("x-forwarded-proto", "http")],
        body=sent.body,
        stage=stage,
        domain="local.example.com" if stage == "$default" else EXECUTE_API,
    )
    request = source.request(event(call))
    method, scheme, host, path, raw_path, root_path, query, protocol, lines, cookie, client, body, is_base64 = request
    headers = multi([(name.lower(), value) for name, value in lines if name.lower() not in OWN])
    if cookie is not None:
        headers["cookie"] = [cookie]
    if way == "rest" and sent.body:
        headers["content-length"] = [str(len(sent.body))]
    got = Sent(
        method=method,
        raw_path=raw_path.decode(),
        query=query,
        headers=headers,
        body=decoded(body, is_base64),
        root_path=root_path,
        client=client and client[0],
    )
    assert got == after_request_losses(sent, way)
    assert path.encode("utf-8", "surrogateescape").decode("utf-8", "replace") == got.path
    assert (scheme, host, protocol) == ("https" if way.startswith("edge") else "http", "local", "HTTP/1.1")
