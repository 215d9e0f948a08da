"""Which events the adapters serve."""

import importlib
import json
from typing import Any, ClassVar

from ..apps import Receive, Reply, Send
from ..samples import EVENTS, sample
from ..targets import TARGET, Sent
from .adapters import Adapter, App, Event, Raw
from .rows import row, where, yes


def to(name: str, path: str = "/x", *headers: tuple[str, str]) -> Event:
    """What a target makes of a request."""
    return TARGET[name].event(Sent(path=path, headers=headers))


def _serves(adapter: Adapter, *names: str) -> dict[str, bool]:
    return {name: adapter.serves(to(name), "/x") for name in names}


@row("REST APIs")
def rest(adapter: Adapter) -> str:
    return where(_serves(adapter, "rest"), "yes")


@row("HTTP APIs, payload 1.0 and 2.0")
def http_api(adapter: Adapter) -> str:
    return where(_serves(adapter, "http_api_1_0", "http_api"), "yes")


@row("function URLs")
def function_url(adapter: Adapter) -> str:
    return where(_serves(adapter, "function_url"), "yes")


@row("load balancers, single and multi-value headers")
def load_balancer(adapter: Adapter) -> str:
    return where(_serves(adapter, "alb", "alb_multi"), "yes")


@row("load balancers' health checks")
def health_check(adapter: Adapter) -> str:
    return yes(adapter.serves(sample("alb_health_check"), sample("alb_health_check")["path"]))


@row("the console's test events for REST APIs, with null headers")
def console_test(adapter: Adapter) -> str:
    return yes(adapter.serves(sample("rest_console_test"), "/items"))


@row("VPC Lattice")
def lattice(adapter: Adapter) -> str:
    works = {"V1": adapter.serves(to("lattice_1"), "/x"), "V2": adapter.serves(to("lattice_2"), "/x")}
    return where(works, "V1, V2")


@row("Lambda@Edge")
def edge(adapter: Adapter) -> str:
    target = TARGET["edge_origin"]
    if not adapter.serves(target.event(Sent(path="/x", body=b"x")), "/x"):
        return "no"
    png = Reply(headers=[("content-type", b"image/png"), ("set-cookie", b"a=1"), ("set-cookie", b"b=2")], body=b"\xff")
    try:
        answer = target.answer(adapter.result(target.event(Sent(body=b"x")), png))
    except (AssertionError, KeyError):  # CloudFront would answer 502
        return "in part"
    assert (answer.values("set-cookie"), answer.body) == (["a=1", "b=2"], b"\xff")
    return "yes"


@row("WebSocket APIs")
def websocket(adapter: Adapter) -> str:
    kinds: list[str] = []

    async def asgi(scope: Raw, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            kinds.append((await receive())["type"])
            await send({"type": "websocket.accept"})
            await receive()

    app: Any = asgi if adapter.interface == "asgi" else App().wsgi
    connect = next(EVENTS.glob("*websocket_connect.json")).stem
    try:
        result = adapter.handler(app)(sample(connect), None)
    except Exception:
        return "no"
    return yes(kinds == ["websocket.connect"] and result["statusCode"] == 200)


SERVERLESS_TEMPLATE = {
    "body": {},
    "method": "GET",
    "principalId": "",
    "stage": "dev",
    "cognitoPoolClaims": {"sub": ""},
    "enhancedAuthContext": {},
    "headers": {"Host": "r3st4p1abc.execute-api.eu-central-1.amazonaws.com", "X-Forwarded-Proto": "https"},
    "query": {},
    "path": {"id": "7"},
    "identity": {"sourceIp": "203.0.113.7"},
    "stageVariables": {},
    "requestPath": "/items/{id}",
}
"""What the Serverless Framework's mapping template makes of a request to `integration: lambda`."""


@row("custom (non-proxy) integrations of REST APIs")
def custom_integration(adapter: Adapter) -> str:
    app = App()
    options: dict[str, Any] = {}
    if adapter.name == "Bridge":
        try:
            options["sources"] = [importlib.import_module("bridge.sources._custom").CustomIntegration("serverless")]
        except ImportError:
            return "no"
    try:
        result = adapter.handler(adapter.form(app), **options)(SERVERLESS_TEMPLATE, None)
    except Exception:
        return "no"
    return yes("ok" in str(result) and app.seen[0].path.endswith("/items/7"))


class Own:
    """An event format that no adapter knows, as Bridge takes one and as Mangum does."""

    LIMIT = 1_000_000

    def __init__(self, *_: Any) -> None: ...

    def accepts(self, event: Event) -> bool:
        return "own" in event

    @classmethod
    def infer(cls, event: Event, *_: Any) -> bool:
        return "own" in event

    def request(self, event: Event) -> Any:
        neutral = importlib.import_module("bridge.sources._neutral")
        return neutral.http_request(method="GET", raw_path=event["own"])

    def result(self, _: Event, status: int, headers: Any, body: str, is_base64: bool) -> Any:
        return {"statusCode": status}

    body = b""
    scope: ClassVar[Event] = {
        "type": "http",
        "method": "GET",
        "path": "/x",
        "root_path": "",
        "headers": [],
        "query_string": b"",
    }

    def __call__(self, response: Any) -> Any:
        return {"statusCode": response["status"]}


@row("event formats of your own")
def own_format(adapter: Adapter) -> str:
    options: list[dict[str, Any]] = [{"sources": [Own()]}, {"custom_handlers": [Own]}]
    return yes(any(adapter.serves({"own": "/x"}, "/x", **option) for option in options))


def _fate(adapter: Adapter, event: Event, *names: str) -> str:
    """What becomes of an event that is no HTTP request, by default, and whether an error has one of its names."""
    app = App()
    try:
        adapter.handler(adapter.form(app))(event, None)
    except Exception as error:
        if any(name in str(error) for name in names):
            return "an error that names it"
        return "an error" if isinstance(error, (RuntimeError, ValueError)) else f"a {type(error).__name__}"
    return "served as a request" if app.seen else "dropped"


@row("an SQS event, if you say nothing of it")
def sqs(adapter: Adapter) -> str:
    return _fate(adapter, sample("other_sqs"), "sqs")


@row("a schedule's event, if you say nothing of it")
def schedule(adapter: Adapter) -> str:
    return _fate(adapter, sample("other_eventbridge"), "EventBridge", "schedule")


@row("an authorizer's event")
def authorizer(adapter: Adapter) -> str:
    return _fate(adapter, sample("other_authorizer_1_0"), "authorizer")


@row("other events go to a function of yours")
def on_event(adapter: Adapter) -> str:
    def function(event: Event, _: Any) -> Any:
        return {"batchItemFailures": event["Records"]}

    options = {"on_event": function} if adapter.has(on_event=function) else {}
    event = sample("other_sqs")
    try:
        result = adapter.handler(adapter.form(App()), **options)(event, None)
    except Exception:
        return "no"
    return yes(result == {"batchItemFailures": event["Records"]})


@row("other events go to your app, as requests")
def events_path(adapter: Adapter) -> str:
    options = {"events_path": "/events"} if adapter.has(events_path="/events") else {}
    app, event = App(Reply(headers=[("content-type", b"application/json")], body=b"{}")), sample("other_sqs")
    try:
        adapter.handler(adapter.form(app), **options)(event, None)
    except Exception:
        return "no"
    return yes([json.loads(seen.body) for seen in app.seen] == [event])


@row("pings that keep a function warm are answered")
def warm_up(adapter: Adapter) -> str:
    options = {"warm_up": True} if adapter.has(warm_up=True) else {}
    app = App()
    try:
        adapter.handler(adapter.form(app), **options)({"source": "serverless-plugin-warmup"}, None)
    except Exception:
        return "no"
    return yes(not app.seen)
