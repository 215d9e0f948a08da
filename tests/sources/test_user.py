import asyncio
import types
from collections.abc import Callable
from typing import Any

import pytest

from bridge import Bridge, ConfigurationError, ResultTooLargeError
from bridge.sources import _v1 as v1, _v2 as v2
from bridge.sources._user import detector
from bridge.types import CustomSource, Request, ResponseHeaders

from ..apps import APPS, Interface, Wsgi
from ..samples import sample


class Echo:
    """Takes what has its key, and answers with its own name."""

    LIMIT = 1_000_000

    def __init__(self, key: str, name: str = "") -> None:
        self.key = key
        self.name = name or key
        self.asked: list[object] = []

    def accepts(self, event: Any) -> bool:
        self.asked.append(event)
        return isinstance(event, dict) and self.key in event

    def request(self, event: dict[str, Any]) -> Request:
        return ("PUT", "https", None, "/" + self.name, b"/", "", "", "HTTP/1.1", (), None, None, None, False)

    def result(
        self, event: dict[str, Any], status: int, headers: ResponseHeaders, body: str, is_base64: bool
    ) -> dict[str, Any]:
        return {self.name: [status, body]}


def module() -> Any:
    source = Echo("module")
    made = types.ModuleType("of_my_own")
    made.LIMIT = Echo.LIMIT  # type: ignore[attr-defined]
    made.accepts, made.request, made.result = source.accepts, source.request, source.result  # type: ignore[attr-defined]
    return made


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
@pytest.mark.parametrize("source", [Echo("module"), module()], ids=["object", "module"])
def test_a_source_is_an_object_or_a_module(interface: Interface, source: CustomSource) -> None:
    app = APPS[interface]()
    bridge = Bridge(app, sources=[source])
    assert bridge({"module": 1}) == {"module": [200, "ok"]}
    assert asyncio.run(bridge.handle_async({"module": 1})) == {"module": [200, "ok"]}
    assert [(seen.method, seen.path) for seen in app.seen] == [("PUT", "/module")] * 2


@pytest.mark.parametrize("name", ["rest", "http_api", "alb"])
def test_they_win_against_bridge_s_own(name: str) -> None:
    event = {**sample(name), "mine": True}
    assert detector([Echo("other"), mine := Echo("mine")])(event) is mine
    assert Bridge(Wsgi(), sources=[mine])(event) == {"mine": [200, "ok"]}


def test_the_first_that_accepts_an_event_has_it_and_no_other_is_asked() -> None:
    sources = [Echo("a"), Echo("b", "first"), Echo("b", "second")]
    event = {"b": 1}
    assert detector(sources)(event) is sources[1]
    assert [source.asked for source in sources] == [[event], [event], []]


def test_what_none_accepts_is_as_without_them() -> None:
    detect = detector([Echo("mine")])
    assert vars(detect(sample("rest"))) is vars(v1)
    assert vars(detect(sample("http_api"))) is vars(v2)
    assert detect(sample("other_sqs")) is None


@pytest.mark.parametrize("event", [None, "text", 7, ["list"]])
def test_they_are_asked_of_any_json(event: Any) -> None:
    source = Echo("mine")
    assert detector([source])(event) is None
    assert source.asked == [event]


def test_what_accepts_raises_is_let_through() -> None:
    class Broken(Echo):
        def accepts(self, event: Any) -> bool:
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        Bridge(Wsgi(), sources=[Broken("mine")])({})


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_one_that_has_no_room_for_a_plain_500_is_an_error(method: str, caplog: pytest.LogCaptureFixture) -> None:
    class Small(Echo):
        LIMIT = 10

        def request(self, event: dict[str, Any]) -> Request:
            return (method, *super().request(event)[1:])

    with pytest.raises(ResultTooLargeError, match="its receiver takes 10 at most"):
        Bridge(Wsgi(), sources=[Small("echo")])({"echo": "/"})
    assert len(caplog.records) == 1


@pytest.mark.parametrize(
    ("name", "lacks"),
    [
        ("accepts", "It lacks accepts(event)."),
        ("request", "It lacks request(event)."),
        ("result", "It lacks result(event, status, headers, body, is_base64)."),
        ("LIMIT", "It lacks LIMIT, an int: the bytes of JSON that a result may have."),
    ],
)
def test_one_that_lacks_something_is_refused_with_what_it_lacks(name: str, lacks: str) -> None:
    source = module()
    delattr(source, name)
    with pytest.raises(ConfigurationError) as refusal:
        Bridge(Wsgi(), sources=[Echo("mine"), source])
    assert str(refusal.value) == f"Bridge(sources=[...]): {source!r} is no source. {lacks}"
    setattr(source, name, "neither a function nor an int")
    with pytest.raises(ConfigurationError) as refusal:
        Bridge(Wsgi(), sources=[source])
    assert str(refusal.value).endswith(lacks)


def test_all_that_is_lacking_is_named_at_once() -> None:
    with pytest.raises(ConfigurationError, match=r"lacks accepts\(event\); request\(event\); result\(.+\); LIMIT"):
        Bridge(Wsgi(), sources=[object()])  # type: ignore[list-item]


def test_a_class_is_none() -> None:
    with pytest.raises(ConfigurationError, match=r"Echo'> is a class\. Give an instance of it"):
        Bridge(Wsgi(), sources=[Echo])  # type: ignore[list-item]


def test_one_without_a_list_around_it_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="takes a list of sources, not <"):
        Bridge(Wsgi(), sources=Echo("mine"))  # type: ignore[arg-type]


@pytest.mark.parametrize("make", [tuple, iter, set], ids=["tuple", "iterator", "set"])
def test_any_iterable_of_them_will_do(make: Callable[[list[CustomSource]], Any]) -> None:
    assert Bridge(Wsgi(), sources=make([Echo("mine")]))({"mine": 1}) == {"mine": [200, "ok"]}


def test_without_them_nothing_stands_before_detect() -> None:
    from bridge.sources import detect

    assert Bridge(Wsgi())._detect is detect
    assert Bridge(Wsgi(), sources=[])._detect is detect
