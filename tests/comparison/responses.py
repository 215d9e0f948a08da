"""What of a response reaches the client."""

import base64
from typing import Any

from ..apps import Reply
from ..targets import TARGET, Sent
from .adapters import Adapter, lines
from .events import to
from .requests import PLACES
from .rows import row, where, yes

TWO_COOKIES = Reply(headers=[("set-cookie", b"a=1"), ("set-cookie", b"b=2")])
PNG = Reply(headers=[("content-type", b"image/png")], body=b"\x89PNG\xff")


def _body(result: dict[str, Any]) -> bytes:
    text: str = result["body"]
    return base64.b64decode(text) if result.get("isBase64Encoded") else text.encode()


def _values(result: dict[str, Any], name: str) -> list[str]:
    return [value for key, value in lines(result) if key == name]


@row("several cookies, HTTP APIs")
def http_api_cookies(adapter: Adapter) -> str:
    return yes(adapter.result(to("http_api"), TWO_COOKIES).get("cookies") == ["a=1", "b=2"])


@row("several cookies, load balancers with single values")
def load_balancer_cookies(adapter: Adapter) -> str:
    return yes(_values(adapter.result(to("alb"), TWO_COOKIES), "set-cookie") == ["a=1", "b=2"])


@row("a header sent twice, HTTP APIs")
def repeated_header(adapter: Adapter) -> str:
    result = adapter.result(to("http_api"), Reply(headers=[("vary", b"a"), ("vary", b"b")]))
    values = _values(result, "vary")
    if len(values) > 1:
        return "two spellings of its name"
    return "joined" if values[0].replace(" ", "") == "a,b" else "the last line"


@row("bytes outside ASCII in header values")
def latin_1(adapter: Adapter) -> str:
    try:
        return yes(_values(adapter.result(to("http_api"), Reply(headers=[("x", b"caf\xe9")])), "x") == ["caf\xe9"])
    except UnicodeDecodeError:
        return "a crash"


@row("text in charsets other than UTF-8")
def charset(adapter: Adapter) -> str:
    reply = Reply(headers=[("content-type", b"text/plain; charset=latin-1")], body=b"caf\xe9")
    try:
        return yes(_body(adapter.result(to("http_api"), reply)) == b"caf\xe9")
    except UnicodeDecodeError:
        return "a crash"


TEXT = ["application/problem+json", "application/xml", "application/javascript", "image/svg+xml", "Text/Plain"]


@row("XML, problem+json, JavaScript, SVG and `Text/Plain` travel as text")
def text(adapter: Adapter) -> str:
    replies = [Reply(headers=[("content-type", kind.encode())]) for kind in TEXT]
    kept = sum(adapter.result(to("http_api"), reply).get("isBase64Encoded") is False for reply in replies)
    return "yes" if kept == len(TEXT) else f"{kept} of {len(TEXT)}"


@row("your own rule for what is text")
def own_text(adapter: Adapter) -> str:
    kind = "application/x-own"
    assert adapter.result(to("alb"), Reply(headers=[("content-type", b"image/png")]))["isBase64Encoded"]
    reply = Reply(headers=[("content-type", kind.encode())])
    return yes(not adapter.result(to("http_api"), reply, text_types=[kind])["isBase64Encoded"])


@row("a `Content-Encoding` is enough for base64")
def packed(adapter: Adapter) -> str:
    reply = Reply(headers=[("content-type", b"text/plain"), ("content-encoding", b"zstd")], body=b"valid UTF-8")
    return yes(adapter.result(to("http_api"), reply)["isBase64Encoded"])


@row("binary bodies, REST APIs")
def binary(adapter: Adapter) -> str:
    try:
        return yes(_body(adapter.result(to("rest"), PNG)) == PNG.body)
    except UnicodeDecodeError:
        return "by option, else a crash" if _body(adapter.result(to("rest"), PNG, binary_support=True)) else "a crash"


@row("HEAD, 204 and 304 without a body or an invented `Content-Type`")
def no_content(adapter: Adapter) -> str:
    head = adapter.result(TARGET["http_api"].event(Sent(method="HEAD")), Reply(body=b"x"))
    others = [adapter.result(to("http_api"), Reply(status=status, headers=[], body=b"")) for status in (204, 304)]
    return yes(not head.get("body") and not any(_values(result, "content-type") for result in others))


@row("statuses that HTTP does not name, load balancers")
def status(adapter: Adapter) -> str:
    try:
        return yes(adapter.result(to("alb"), Reply(status=299))["statusCode"] == 299)
    except KeyError:
        return "a crash"


@row("`exclude_headers`")
def exclude_headers(adapter: Adapter) -> str:
    if not adapter.has(exclude_headers=["server"]):
        return "no"
    reply = Reply(headers=[("server", b"x")])
    works = {
        place: not _values(adapter.result(to(name), reply, exclude_headers=["server"]), "server")
        for place, name in PLACES.items()
    }
    return where(works, "yes")


@row("compression")
def compression(adapter: Adapter) -> str:
    reply = Reply(headers=[("content-type", b"text/plain")], body=b"a" * 10_000)
    event = to("http_api", "/x", ("accept-encoding", "gzip"))
    if _values(adapter.result(event, reply), "content-encoding"):
        return "yes"
    by_option = adapter.has(compress=True) and _values(adapter.result(event, reply, compress=True), "content-encoding")
    return "by option" if by_option else "no"


@row("responses that stream")
def streaming(adapter: Adapter) -> str:
    """Lambda's own runtime for Python buffers what a handler returns, so an adapter has to have a way of its own."""
    return yes(adapter.has(streaming="on"))
