from typing import Any

import pytest

from bridge import Bridge, EventError
from bridge.kinds import ACCEPTED
from bridge.sources import detect

from ..apps import APPS
from ..samples import EVENTS, HTTP, OTHER, sample

handle = Bridge(APPS["wsgi"]())

KINDS = {
    "other_sqs": "of aws:sqs",
    "other_sns": "of aws:sns",
    "other_s3": "of aws:s3",
    "other_eventbridge": r"of EventBridge \(Scheduled Event\)",
    "other_authorizer_1_0": "a request to an authorizer, which wants a policy",
    "other_authorizer_2_0": "a request to an authorizer, which wants a policy",
    "other_lattice_1": "of VPC Lattice",
    "other_lattice_2": "of VPC Lattice",
    "other_edge": "of Lambda@Edge",
    "other_destination": "none of them",
    "other_step_functions": "none of them",
    "other_bedrock_agent": "none of them",
}


WEBSOCKET = ["other_websocket_connect", "other_websocket_message"]
"""No requests either, but answered: tests/websocket."""


def test_every_sample_is_either_a_request_or_something_else() -> None:
    assert sorted([*HTTP, *OTHER]) == sorted(file.stem for file in EVENTS.glob("*.json"))
    assert sorted([*KINDS, *WEBSOCKET]) == OTHER


@pytest.mark.parametrize(("name", "module"), HTTP.items())
def test_a_request_is_known_by_its_keys(name: str, module: str) -> None:
    assert vars(detect(sample(name)))["__name__"] == f"bridge.sources.{module}"


@pytest.mark.parametrize("name", KINDS)
def test_any_other_event_is_refused_and_its_kind_named(name: str) -> None:
    with pytest.raises(EventError, match=f"; this one is {KINDS[name]}"):
        handle(sample(name))


@pytest.mark.parametrize("name", KINDS)
def test_the_refusal_says_what_is_accepted_and_which_keys_came(name: str) -> None:
    with pytest.raises(EventError) as refusal:
        handle(sample(name))
    assert ACCEPTED in str(refusal.value)
    assert str(refusal.value).endswith(f"Its keys: {', '.join(sample(name))}.")


@pytest.mark.parametrize("event", [None, "text", 7, ["list"], b"bytes", True])
def test_what_is_no_dict_is_refused(event: Any) -> None:
    with pytest.raises(EventError, match=f"as dicts; this one is a {type(event).__name__}"):
        handle(event)


def test_an_empty_event_is_refused() -> None:
    with pytest.raises(EventError, match="Its keys: none"):
        handle({})


@pytest.mark.parametrize("kind", [None, "RECONNECT", ["CONNECT"]])
def test_an_event_of_a_websocket_api_has_to_be_of_a_kind_that_is_known(kind: object) -> None:
    event = sample("other_websocket_connect")
    event["requestContext"]["eventType"] = kind
    with pytest.raises(EventError, match="this one is of a WebSocket API"):
        handle(event)


@pytest.mark.parametrize("records", [[], [7], "text", {"topic-0": []}, [{}]])
def test_records_of_any_shape_are_refused(records: object) -> None:
    with pytest.raises(EventError, match="Its keys: Records"):
        handle({"Records": records})


@pytest.mark.parametrize("context", [None, {}, "text", [], 7])
def test_a_request_context_of_any_shape_is_refused_if_nothing_else_is_there(context: object) -> None:
    with pytest.raises(EventError, match="Its keys: requestContext"):
        handle({"requestContext": context})


@pytest.mark.parametrize("name", ["rest", "rest_console_test"])
@pytest.mark.parametrize("drop", [True, False])
def test_a_rest_request_may_lack_its_context(name: str, drop: bool) -> None:
    event = sample(name)
    event["requestContext"] = None
    if drop:
        del event["requestContext"]
    assert vars(detect(event))["__name__"] == "bridge.sources.v1"


def test_a_rest_request_behind_a_base_path_mapping_may_have_a_raw_path() -> None:
    event = {**sample("rest_custom_domain"), "rawPath": "/shop/items/7"}
    assert vars(detect(event))["__name__"] == "bridge.sources.v1"


@pytest.mark.parametrize("version", ["1.0", "2.0", "0", None])
@pytest.mark.parametrize("name", ["rest", "http_api", "function_url", "alb", "alb_multi"])
def test_the_version_decides_nothing(name: str, version: str | None) -> None:
    assert vars(detect({**sample(name), "version": version}))["__name__"] == f"bridge.sources.{HTTP[name]}"
