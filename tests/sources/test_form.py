"""An event that breaks its format is an `EventError` that says which field, what was expected and what came."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from bridge import Bridge, EventError
from bridge.sources import _alb as alb, _edge as edge, _lattice as lattice, _v1 as v1, _v2 as v2, detect
from bridge.sources._form import breach

from ..apps import APPS, Interface, Seen
from ..responders import Responder, SyncResponder
from ..samples import HTTP, sample

WRONG: list[Any] = [7, 1.5, True, "text", ["a"], [7], [["a"]], {"a": "b"}, {"a": 7}, {"a": {"b": "c"}}]
FORMS = [v1.FORM, v2.FORM, alb.FORM, lattice.FORM, edge.VIEWER_REQUEST.FORM]


def places(value: Any, way: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there is something in an event."""
    if way:
        yield way
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from places(inner, (*way, key))


def changed(event: dict[str, Any], way: tuple[Any, ...], value: Any) -> dict[str, Any]:
    event = copy.deepcopy(event)
    holder: Any = event
    for key in way[:-1]:
        holder = holder[key]
    holder[way[-1]] = value
    return event


def is_right(seen: Seen) -> bool:
    """Whether an app has seen what ASGI and PEP 3333 promise it: text and bytes where they are due."""
    texts = [seen.method, seen.path, seen.root_path, seen.query, seen.scheme, seen.server[0], seen.client or ""]
    raw = seen.raw
    if "wsgi.input" in raw:
        texts += [value for key, value in raw.items() if key.isupper()]
    else:
        texts += [raw["http_version"]]
    return all(type(text) is str for text in texts) and seen.path.startswith("/")


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
@pytest.mark.parametrize("name", [*HTTP, "edge_truncated"])
def test_whatever_is_in_the_place_of_any_value_the_app_sees_a_right_request_or_none(
    name: str, interface: Interface
) -> None:
    app, event = APPS[interface](), sample(name)
    handler = Bridge(app)
    refused: list[str] = []
    for way in places(event):
        for value in WRONG:
            broken = changed(event, way, value)
            try:
                handler(broken)
            except EventError as error:
                refused.append(str(error))
    assert len(refused) > 50
    # It is told what is wrong, and not what Python stumbled over.
    assert [text for text in refused if "Error(" in text] == []
    assert app.seen
    assert [seen for seen in app.seen if not is_right(seen)] == []


@pytest.mark.parametrize("name", HTTP)
def test_real_events_break_no_format(name: str) -> None:
    event = sample(name)
    source = detect(event)
    assert breach(source.FORM, event) is None  # type: ignore[union-attr]


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("http_api", {"body": {"a": 1}}, "its body must be a string, not dict"),
    ("http_api", {"body": {}}, "its body must be a string, not dict"),
    ("alb", {"body": []}, "its body must be a string, not list"),
    ("http_api", {"body": "aGk=", "isBase64Encoded": "false"}, "isBase64Encoded must be a boolean, not 'false'"),
    ("http_api", {"headers": [["host", "a"]]}, "headers must be an object, not an array"),
    ("http_api", {"headers": {"accept": ["a", "b"]}}, "'accept' must be a string, not list"),
    ("http_api", {"headers": {"x-count": 7}}, "'x-count' must be a string, not int"),
    ("http_api", {"cookies": "a=1"}, "cookies must be an array, not a string"),
    ("http_api", {"cookies": ["a=1", 7]}, r"cookies\[1\] must be a string, not a number"),
    ("http_api", {"rawPath": 7}, "rawPath must be a string, not a number"),
    ("rest", {"queryStringParameters": "a=1", "multiValueQueryStringParameters": None}, "must be an object, not a str"),
    ("rest", {"multiValueQueryStringParameters": {"a": [1, 2]}}, r"Parameters.a\[0\] must be a string, not a number"),
    ("rest", {"multiValueQueryStringParameters": {"a": "bc"}}, "Parameters.a must be an array, not a string"),
    ("rest", {"multiValueHeaders": {"x-a": "bc"}}, "multiValueHeaders.x-a must be an array, not a string"),
    ("alb_multi", {"multiValueHeaders": {"x-a": "bc"}}, "multiValueHeaders.x-a must be an array, not a string"),
    ("alb", {"queryStringParameters": {"a": 7}}, "queryStringParameters.a must be a string, not a number"),
    ("alb_multi", {"multiValueQueryStringParameters": {"a": [7]}}, r"a\[0\] must be a string, not a number"),
    ("lattice_2", {"headers": {"x-a": 7}}, "'x-a' must be a string, not int"),
    ("rest", {"requestContext": {"identity": [1]}}, "requestContext.identity must be an object, not an array"),
]


async def answered(handler: Bridge, event: Any) -> None:
    if handler.is_asgi:
        await handler.respond(event, None, Responder())
    else:
        handler.respond_sync(event, None, SyncResponder())


@pytest.mark.parametrize(("name", "change", "told"), CASES)
@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
async def test_the_error_says_which_field_what_was_expected_and_what_came(
    name: str, change: dict[str, Any], told: str, interface: Interface
) -> None:
    app = APPS[interface]()
    handler, event = Bridge(app), {**sample(name), **change}
    with pytest.raises(EventError, match=f"breaks its format: .*{told}"):
        await handler.handle_async(event)
    with pytest.raises(EventError, match=f"breaks its format: .*{told}"):
        await answered(handler, event)
    assert app.seen == []


@pytest.mark.parametrize("change", [{"headers": None}, {"headers": {"x": None}}, {"cookies": None}, {"body": None}])
def test_null_breaks_nothing(change: dict[str, Any]) -> None:
    assert Bridge(APPS["wsgi"]())({**sample("http_api"), **change})["statusCode"] == 200


def test_a_header_line_at_the_edge_that_is_no_object_is_named() -> None:
    event = sample("edge_origin")
    event["Records"][0]["cf"]["request"]["headers"]["x-a"] = ["plain"]
    with pytest.raises(EventError, match=r"request.headers.x-a\[0\] must be an object, not a string"):
        Bridge(APPS["wsgi"]())(event)


@pytest.mark.parametrize("index", [0, 3])
def test_an_index_that_is_not_there_is_null(index: int) -> None:
    assert breach({f"Records.{index}.cf": "object"}, {"Records": []}) is None


class Wrapped:
    """An event as Powertools' classes have it."""

    raw_event: dict[str, Any] = {"path": 7}  # noqa: RUF012


@pytest.mark.parametrize(
    ("kind", "value", "told"),
    [
        ("text", b"bytes", "path must be a string, not bytes"),
        ("texts or lists", {"a": 7}, "path.a must be a string or an array, not a number"),
        ("texts or lists", {"a": [7]}, "path.a[0] must be a string, not a number"),
        ("header lines", {"a": "b"}, "path.a must be an array, not a string"),
        ("header lines", {"a": [{"value": 7}]}, "path.a[0].value must be a string, not a number"),
        ("header lines", {"a": None, "b": [None]}, None),
    ],
)
def test_a_field_is_named_with_what_was_expected(kind: str, value: object, told: str | None) -> None:
    assert breach({"path": kind}, {"path": value}) == told


def test_the_event_in_an_object_of_powertools_is_looked_at() -> None:
    assert breach({"path": "text"}, Wrapped()) == "path must be a string, not a number"


def test_what_no_form_can_tell_is_told_as_python_has_it() -> None:
    class Odd(dict[str, Any]):
        times = 0

        def get(self, name: str, default: Any = None) -> Any:
            self.times += 1
            if self.times == 1:
                raise RuntimeError("no reading today")
            return super().get(name, default)

    with pytest.raises(EventError, match="breaks its format: RuntimeError"):
        Bridge(APPS["wsgi"]())(Odd(sample("rest")))


def test_the_cause_is_kept() -> None:
    with pytest.raises(EventError) as caught:
        Bridge(APPS["wsgi"]())({**sample("http_api"), "rawPath": 7})
    assert isinstance(caught.value.__cause__, AttributeError)


def test_what_a_users_source_raises_is_its_own() -> None:
    class Mine:
        LIMIT = 1000

        def accepts(self, event: object) -> bool:
            return True

        def request(self, event: dict[str, Any]) -> Any:
            return event["missing"]

        def result(self, *_: Any) -> Any:
            raise AssertionError

    with pytest.raises(KeyError, match="missing"):
        Bridge(APPS["wsgi"](), sources=[Mine()])({})


@pytest.mark.parametrize("interface", ["asgi", "wsgi"])
def test_an_event_that_is_too_deep_to_be_posted_is_an_error_of_the_event(interface: Interface) -> None:
    deep: Any = "x"
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(EventError, match="cannot be written as JSON"):
        Bridge(APPS[interface](), events_path="/events")({"deep": deep})
    while isinstance(deep, list):  # or it would be taken apart in recursion
        deep = deep.pop()


def test_all_forms_can_be_checked() -> None:
    for form in FORMS:
        assert breach(form, json.loads("{}")) is None
