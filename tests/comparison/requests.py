"""What of a request reaches the app."""

import os
from unittest import mock

from ..samples import sample
from ..targets import CLIENT, TARGET, Sent, lists
from .adapters import Adapter, Event
from .events import to
from .rows import NOT_APPLICABLE, row, where, yes

PLACES = {"REST APIs": "rest", "HTTP APIs": "http_api", "function URLs": "function_url", "load balancers": "alb"}


@row("a header that comes twice, REST APIs")
def repeated_header(adapter: Adapter) -> str:
    found = adapter.seen(to("rest", "/x", ("x-a", "1"), ("x-a", "2"))).lines("x-a")
    return {"1,2": "all lines", "1, 2": "all lines", "2": "the last line"}[",".join(found)]


@row("two `Cookie` lines, REST APIs")
def cookie_lines(adapter: Adapter) -> str:
    (found,) = adapter.seen(to("rest", "/x", ("cookie", "a=1"), ("cookie", "b=2"))).lines("cookie")
    return {"a=1; b=2": "joined with `;`", "b=2": "the last line"}.get(found, "joined with `,`: broken")


@row("cookies, function URLs")
def function_url_cookies(adapter: Adapter) -> str:
    (found,) = adapter.seen(sample("function_url")).lines("cookie")
    assert found.startswith("session=abc;")
    return {1: "right", 2: "doubled"}[found.count("session=abc")]


@row("percent-encoding in paths of HTTP APIs")
def decoding(adapter: Adapter) -> str:
    return {"/a%41": "decoded once", "/aA": "decoded twice"}[adapter.seen(to("http_api", "/a%2541")).route]


@row("letters outside ASCII in paths of HTTP APIs")
def letters(adapter: Adapter) -> str:
    try:
        return "right" if adapter.seen(to("http_api", "/%E6%97%A5")).route == "/日" else "broken"
    except UnicodeEncodeError:  # PEP 3333: latin-1 text
        return "broken"


@row("`raw_path`, which tells `%2F` from `/`")
def raw_path(adapter: Adapter) -> str:
    if adapter.interface == "wsgi":
        return NOT_APPLICABLE
    return yes(adapter.seen(to("function_url", "/a%2Fb")).raw["raw_path"] == b"/a%2Fb")


@row("the stage in `root_path` or `SCRIPT_NAME`")
def stage(adapter: Adapter) -> str:
    rest = adapter.seen(TARGET["rest"].event(Sent(path="/x", headers=(("Host", TARGET["rest"].host),))))
    named = adapter.seen(sample("http_api_stage"))
    default = adapter.seen(to("http_api"))
    works = {
        "REST APIs": (rest.root_path, rest.path) == ("/prod", "/prod/x"),
        "HTTP APIs": (named.root_path, named.path, default.root_path) == ("/prod", "/prod/items/7", ""),
    }
    return "REST APIs, wrong for HTTP APIs" if default.root_path else where(works, "yes")


@row("a base path that a custom domain adds")
def base_path(adapter: Adapter) -> str:
    if not adapter.has(base_path="/api"):
        return "no"
    return where(
        {place: adapter.serves(to(name, "/api/y"), "/y", base_path="/api") for place, name in PLACES.items()}, "yes"
    )


@row("`/api` as a base path leaves `/apiary` alone")
def base_path_boundary(adapter: Adapter) -> str:
    if not adapter.has(base_path="/api"):
        return NOT_APPLICABLE
    return yes(adapter.seen(to("rest", "/apiary"), base_path="/api").route == "/apiary")


def _client(adapter: Adapter, event: Event) -> str:
    raw = adapter.seen(event).raw
    return str(raw["client"][0] if adapter.interface == "asgi" else raw["REMOTE_ADDR"])


@row("the client's address, which a client cannot forge")
def client(adapter: Adapter) -> str:
    works = {}
    for place, name in PLACES.items():
        event = to(name)
        event["headers"] = {key: value for key, value in event["headers"].items() if key.lower() != "x-forwarded-for"}
        event["headers"]["x-forwarded-for"] = f"6.6.6.6, {CLIENT}"
        works[place] = _client(adapter, {**event, "multiValueHeaders": lists(event["headers"].items())}) == CLIENT
    return where(works, "yes")


@row("`X_Forwarded_Proto` cannot pose as `X-Forwarded-Proto`")
def underscores(adapter: Adapter) -> str:
    if adapter.interface == "asgi":
        return NOT_APPLICABLE
    event = to("http_api")
    event["headers"]["x_forwarded_proto"] = "evil"  # behind the other: names come in alphabetical order
    return yes(adapter.seen(event).lines("x-forwarded-proto") == ["https"])


@row("`Host` headers with an IPv6 address or a malformed port")
def hosts(adapter: Adapter) -> str:
    served = []
    for host in ("[2001:db8::1]:8000", "[2001:db8::1]", "example.com:"):
        event = to("http_api")
        event["headers"]["host"] = host
        served.append(adapter.serves(event, "/x"))
    return "served" if all(served) else "an error"


@row("binary bodies of requests")
def body(adapter: Adapter) -> str:
    return yes(adapter.seen(TARGET["rest"].event(Sent(method="POST", body=b"\xff\x00"))).body == b"\xff\x00")


@row("the raw event and Lambda's context")
def event_and_context(adapter: Adapter) -> str:
    event = to("http_api")
    return yes(any(getattr(value, "raw_event", value) is event for value in adapter.seen(event).raw.values()))


@row("the client's host, behind CloudFront")
def forwarded_host(adapter: Adapter) -> str:
    options = {"forwarded_hosts": ["www.example.com"]}
    options = options if adapter.has(**options) else {}
    found = adapter.seen(to("http_api", "/x", ("x-forwarded-host", "www.example.com")), **options)
    return yes(found.lines("host") == ["www.example.com"])


@row("`x-amzn-trace-id` names Lambda's own segment")
def trace_id(adapter: Adapter) -> str:
    own = "Root=1-00000000-000000000000000000000000;Parent=0000000000000000;Sampled=1"
    with mock.patch.dict(os.environ, _X_AMZN_TRACE_ID=own, AWS_LAMBDA_FUNCTION_NAME="shop"):
        found = adapter.seen(to("http_api", "/x", ("x-amzn-trace-id", "Root=1-00000000-000000000000000000000000")))
    return yes(found.lines("x-amzn-trace-id") == [own])
