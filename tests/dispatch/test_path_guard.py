"""The path that belongs to events: however a request writes it, it is refused."""

from urllib.parse import quote

import pytest
from hypothesis import given, strategies as st

from bridge import Bridge
from bridge._events.path_guard import Reserved

from ..apps import APPS, Interface, Reply
from ..samples import sample
from ..targets import TARGETS, Sent, Target

EVENTS = Reserved("/events")
NESTED = Reserved("/aws/events/")
EVERY_TARGET = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])


def letters() -> st.SearchStrategy[str]:
    """One of many ways to write each letter of "events"."""

    def ways(letter: str) -> st.SearchStrategy[str]:
        code = f"{ord(letter):02x}"
        return st.sampled_from([letter, letter.upper(), f"%{code}", f"%25{code}", f"%{ord(letter.upper()):02X}"])

    return st.tuples(*map(ways, "events")).map("".join)


NOTHING = st.lists(st.sampled_from([" ", "\n", "\r", "\0", "\t", "%0a", "%20", "%00"]), max_size=3).map("".join)
DOTS = st.sampled_from(["", "/.", "/x/..", "/%2e", "/x/%2E%2e", "/..", "/.;a=b", "/;a", "/x;y/..;z"])
SLASH = st.sampled_from(["/", "//", "/%2f", "%2F", "\\", "%5c", "/%252f"])
AFTER = st.sampled_from(["", "/", ";a=b", "%3Ba", "?a", "%3fa", "#a", "/x", "//", "/..", "/."])


@given(st.tuples(DOTS, SLASH, NOTHING, letters(), NOTHING, AFTER).map("".join))
def test_every_way_to_write_it_is_known(path: str) -> None:
    assert EVENTS.has(path)


@given(st.text(), AFTER)
def test_it_is_known_behind_any_prefix(prefix: str, after: str) -> None:
    assert EVENTS.has(f"/{quote(prefix)}/events{after}")
    assert NESTED.has(f"/{quote(prefix)}/aws/./events{after}")


@pytest.mark.parametrize("path", ["/", "", "/event", "/eventss", "/e/vents", "/my-events", "/events-x", "/events.json"])
def test_other_paths_are_free(path: str) -> None:
    assert not EVENTS.has(path)


@pytest.mark.parametrize("path", ["/events", "/aws", "/events/aws", "/aws/x/events", "/aws-events"])
def test_a_path_of_several_segments_counts_as_a_whole(path: str) -> None:
    assert not NESTED.has(path)


@pytest.mark.parametrize(
    "path", ["/aws/events", "/aws/x/../events/y", "/../aws/x/../events", "/x/aws/events", "/AWS//events;x"]
)
def test_a_path_of_several_segments_is_known_too(path: str) -> None:
    assert NESTED.has(path)


@given(st.text())
def test_any_text_can_be_asked_about(path: str) -> None:
    assert EVENTS.has(path) in (True, False)


def test_escapes_of_escapes_are_undone_a_few_times_and_no_more() -> None:
    assert EVENTS.has("/%252565vents")
    assert not EVENTS.has("/%" + "25" * 5000 + "65vents")


@EVERY_TARGET
@BOTH
@pytest.mark.parametrize("method", ["GET", "POST", "HEAD", "DELETE"])
def test_a_request_is_answered_404_before_the_app_runs(
    target: Target, interface: Interface, method: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = APPS[interface]()
    answer = target.answer(Bridge(app, events_path="/events")(target.event(Sent(path="/events", method=method))))
    assert answer.status == 404
    assert answer.body == (b"" if method == "HEAD" else b"Not Found")
    assert app.seen == []
    assert "/events is for events that are no HTTP requests" in caplog.text


@EVERY_TARGET
@BOTH
async def test_the_same_goes_for_handle_async(target: Target, interface: Interface) -> None:
    app = APPS[interface]()
    bridge = Bridge(app, events_path="/events")
    assert target.answer(await bridge.handle_async(target.event(Sent(path="/events")))).status == 404
    assert app.seen == []
    event = target.event(Sent(path="/x", headers=(("x-bridge-event", "aws:sqs"),)))
    assert target.answer(await bridge.handle_async(event)).status == 200
    assert "x-bridge-event" not in app.seen[0].headers


@EVERY_TARGET
@BOTH
def test_a_request_is_the_same_as_without_a_reserved_path(target: Target, interface: Interface) -> None:
    app = APPS[interface]()
    event = target.event(Sent(path="/x", query="a=b", headers=(("x-probe", "1"), ("cookie", "a=1"))))
    Bridge(app)(event)
    Bridge(app, events_path="/events")(event)
    raw = [{key: value for key, value in seen.raw.items() if key != "wsgi.input"} for seen in app.seen]
    assert raw[0] == raw[1]


@EVERY_TARGET
@BOTH
def test_the_header_of_a_kind_is_taken_off_requests(target: Target, interface: Interface) -> None:
    app = APPS[interface](Reply())
    names = ("x-bridge-event", "X-Bridge-Event", "x_bridge_event", "X_Bridge-EVENT", "x-bridge-event ")
    event = target.event(Sent(path="/x", headers=(*((name, "aws:sqs") for name in names), ("x-bridge", "kept"))))
    Bridge(app, events_path="/events")(event)
    assert app.seen[0].headers["x-bridge"] == ["kept"]
    assert not [header for header in app.seen[0].headers if "event" in header]


@BOTH
def test_the_path_below_a_base_path_is_known(interface: Interface) -> None:
    app = APPS[interface]()
    bridge = Bridge(app, events_path="/events", base_path="/shop")
    assert bridge({**sample("rest_custom_domain"), "path": "/shop/events"})["statusCode"] == 404
    assert bridge({**sample("rest_custom_domain"), "path": "/shop/items"})["statusCode"] == 200
