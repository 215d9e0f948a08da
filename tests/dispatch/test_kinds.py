"""Kinds of events by name; tests/sources/test_detect.py has one sample for each."""

from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge import kinds

from ..samples import HTTP, OTHER, sample

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
)
KEYS = sorted({key for _, paths in kinds.RULES for key in paths.replace(">", " ").split()} | {"Records", "eventSource"})


@given(st.dictionaries(st.sampled_from(KEYS), JSON | st.dictionaries(st.sampled_from(KEYS), JSON, max_size=3)) | JSON)
def test_any_json_has_a_kind_that_a_header_can_carry(event: Any) -> None:
    kind = kinds.kind(event)
    assert kind.isascii()
    assert kind.isprintable()
    assert kind == kind.strip() != ""


@pytest.mark.parametrize("name", ["aws: sqs", "aws:sqs\r\nx: y", "ä", "", 7, None, ["aws:sqs"], {}])
def test_a_sender_that_is_no_word_is_unknown(name: object) -> None:
    assert kinds.kind({"eventSource": name}) == "unknown"
    assert kinds.kind({"Records": [{"eventSource": name}]}) == "unknown"


@pytest.mark.parametrize("event", [None, "", 7, [], [None], {}, {"Records": []}, {"Records": [7]}, {"detail-type": 1}])
def test_what_no_rule_knows_is_unknown(event: object) -> None:
    assert kinds.kind(event) == "unknown"


def test_what_aws_calls_itself_is_taken_over() -> None:
    assert kinds.kind({"Records": [{"eventSource": "aws:new-service"}]}) == "aws:new-service"


@pytest.mark.parametrize("name", OTHER)
def test_a_sample_fits_one_kind_whatever_the_order_of_the_rules(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = kinds.kind(sample(name))
    monkeypatch.setattr(kinds, "_RULES", kinds._RULES[::-1])
    # A WebSocket authorizer's event has the context of a connection.
    assert kinds.kind(sample(name)) == ("aws:websocket" if name == "other_authorizer_websocket" else kind)


@pytest.mark.parametrize("number", range(len(kinds.RULES)))
def test_every_rule_has_a_sample_that_it_alone_decides(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = {name: kinds.kind(sample(name)) for name in OTHER}
    monkeypatch.setattr(kinds, "_RULES", kinds._RULES[:number] + kinds._RULES[number + 1 :])
    assert {name: kinds.kind(sample(name)) for name in OTHER} != expected


@pytest.mark.parametrize(
    "event",
    [
        {"warmer": True},
        {"warmer": True, "concurrency": 3},
        {"source": "serverless-plugin-warmup"},
        {"source": "serverless-plugin-warmup", "other": 20},
    ],
)
def test_a_ping_that_keeps_a_function_warm_is_one(event: dict[str, Any]) -> None:
    assert kinds.is_warm_up(event)
    assert kinds.kind(event) == "warm-up"


@pytest.mark.parametrize(
    "event", [{"warmer": False}, {"warmer": "yes"}, {"warmer": {}}, {"source": "aws.events"}, [], 7]
)
def test_what_only_looks_like_a_ping_is_none(event: object) -> None:
    assert not kinds.is_warm_up(event)


def test_no_other_sample_is_a_ping() -> None:
    names = (*HTTP, *(name for name in OTHER if "warm_up" not in name))
    assert not [name for name in names if kinds.is_warm_up(sample(name))]


@pytest.mark.parametrize(
    ("event", "name"),
    [
        (
            {
                "authorizationToken": "t",
                "requestContext": {"apiId": "a", "operation": "EVENT_CONNECT", "channel": "/x"},
                "requestHeaders": {},
            },
            "aws:appsync-authorizer",
        ),
        ({"eventSource": "aws:amq", "messages": []}, "aws:mq"),
        ({"eventSource": "aws:mq", "messages": []}, "aws:mq"),
        ({"eventSource": "aws:SelfManagedKafka", "records": {}}, "SelfManagedKafka"),
        ([{"eventSource": "SelfManagedKafka"}], "SelfManagedKafka"),
        ({"hookTypeName": "My::Own::Hook", "actionInvocationPoint": "X", "requestData": {}}, "aws:cloudformation-hook"),
        ({"InvocationMetadata": {}, "Items": []}, "aws:connect-campaigns"),
        ({"external_function": "f", "arguments": [[1]], "num_records": 1, "user": "u"}, "aws:redshift"),
        ({"InvocationId": "i", "Type": "OnDeploymentComplete", "Application": {"Id": "a"}}, "aws:appconfig"),
        ({"@type": "PingRequest", "identity": {"account": "1"}, "queryId": "q"}, "aws:athena"),
    ],
)
def test_more_senders_have_a_name(event: Any, name: str) -> None:
    assert kinds.kind(event) == name
