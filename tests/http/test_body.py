import json
import re
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings, strategies as st

from bridge import EventError
from bridge._http import body
from bridge.errors import ResultBodyError
from bridge.sources._client_request import ClientRequest

TYPES = st.sampled_from(["text/plain", "application/json", "image/png", "application/octet-stream", ""]) | st.text()
KINDS = body.TextTypes(body.is_text)


def encoded(raw: bytes, **headers: str) -> tuple[str, bool]:
    return body.encoded(raw, {name.replace("_", "-"): value for name, value in headers.items()}, KINDS)


@pytest.mark.parametrize(
    "media_type",
    """
    text/plain text/html text/event-stream application/json application/problem+json application/ld+json
    application/xml application/javascript application/x-www-form-urlencoded application/graphql image/svg+xml
    multipart/form-data application/yaml application/x-ndjson application/vnd.api+json application/manifest+json
    model/gltf+json model/x3d+xml
    """.split(),  # noqa: SIM905
)
def test_what_may_be_text_is_text(media_type: str) -> None:
    assert body.is_text(media_type)


@pytest.mark.parametrize(
    "media_type",
    """
    image/png image/webp audio/mpeg video/mp4 font/woff2 model/gltf-binary application/octet-stream application/pdf
    application/zip application/gzip application/wasm application/protobuf application/msgpack application/cbor
    application/vnd.ms-excel application/vnd.openxmlformats-officedocument.wordprocessingml.document
    """.split(),  # noqa: SIM905
)
def test_what_is_plainly_binary_is_not_text(media_type: str) -> None:
    assert not body.is_text(media_type)


@pytest.mark.parametrize(
    ("content_type", "is_json"),
    [
        ("application/json", True),
        ("Application/JSON ; charset=utf-8", True),
        ("application/problem+JSON", True),
        ("application/jsonl", False),
        ("text/json", False),
        ("application/xml;a=application/json", False),
        ("json", False),
        ("", False),
        (None, False),
    ],
)
def test_json_is_its_own_type_and_those_with_its_suffix(content_type: str | None, is_json: bool) -> None:
    assert body.is_json(content_type) is is_json


@pytest.mark.parametrize(
    "content_type",
    ["Text/Plain", "text/plain;charset=utf-8", "TEXT/PLAIN ; a=b", " text/plain", "text/plain;x=image/png"],
)
def test_the_rule_is_asked_of_the_media_type_alone_in_lower_case(content_type: str) -> None:
    asked: list[str] = []

    def rule(media_type: str) -> bool:
        asked.append(media_type)
        return True

    assert body.TextTypes(rule)[content_type]
    assert asked == ["text/plain"]


def test_no_content_type_names_no_media_type() -> None:
    assert body.media_type(None) == body.media_type("") == body.media_type(" ; charset=utf-8") == ""


def test_the_rule_is_asked_once_for_each_content_type() -> None:
    asked: list[str] = []

    def rule(media_type: str) -> bool:
        asked.append(media_type)
        return False

    kinds = body.TextTypes(rule)
    assert [kinds["a/b"], kinds["a/b"], kinds["c/d"]] == [False, False, False]
    assert asked == ["a/b", "c/d"]


def test_the_table_of_content_types_is_bounded() -> None:
    kinds = body.TextTypes(body.is_text)
    assert all(kinds[f"text/plain; boundary={number}"] for number in range(100_000))
    assert len(kinds) == body.TABLE_SIZE


def test_a_text_that_is_utf8_is_sent_as_text() -> None:
    assert encoded("é日\ud7ff".encode(), content_type="text/plain") == ("é日\ud7ff", False)


def test_a_body_without_a_content_type_is_sent_as_text_if_it_is_utf8() -> None:
    assert encoded(b"ok") == ("ok", False)


@pytest.mark.parametrize("raw", [b"caf\xe9", b"\xed\xa0\x80", b"\xff"])
def test_a_text_that_is_not_utf8_is_sent_as_base64(raw: bytes) -> None:
    assert encoded(raw, content_type="text/plain; charset=latin-1")[1]


def test_a_binary_body_is_sent_as_base64_even_if_it_is_utf8() -> None:
    assert encoded(b"ok", content_type="image/png") == ("b2s=", True)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate", "identity, gzip"])
def test_a_packed_body_is_sent_as_base64_even_if_it_is_utf8(coding: str) -> None:
    assert encoded(b"ok", content_type="text/plain", content_encoding=coding) == ("b2s=", True)


@pytest.mark.parametrize("coding", ["identity", "Identity", "IDENTITY"])
def test_the_identity_coding_packs_nothing(coding: str) -> None:
    assert encoded(b"ok", content_type="text/plain", content_encoding=coding) == ("ok", False)


def test_an_empty_body_is_empty_text() -> None:
    assert encoded(b"", content_type="image/png") == ("", False)


@given(st.binary(), TYPES)
def test_any_bytes_of_any_content_type_come_back_as_they_were(raw: bytes, content_type: str) -> None:
    text, is_base64 = encoded(raw, content_type=content_type)
    carried = json.loads(json.dumps(text))
    assert body.decoded(carried, is_base64) == raw


@pytest.mark.parametrize("is_base64", [False, True, None, "true"])
@pytest.mark.parametrize("text", [None, ""])
def test_no_body_is_no_bytes_whatever_is_said_of_it(text: str | None, is_base64: Any) -> None:
    assert body.decoded(text, is_base64) == b""


@pytest.mark.parametrize("value", [0, 7, False, [], {}, {"a": 1}, b"", b"a"])
def test_a_body_that_is_no_text_is_an_error_of_the_event_even_if_it_is_empty(value: Any) -> None:
    for is_base64 in (False, True):
        with pytest.raises(EventError, match=f"its body must be a string, not {type(value).__name__}[.] "):
            body.decoded(value, is_base64)


@pytest.mark.parametrize("flag", ["true", 1, [0]])
def test_a_flag_of_a_body_that_is_no_boolean_is_an_error_of_the_event(flag: Any) -> None:
    with pytest.raises(EventError, match=re.escape(f"isBase64Encoded must be a boolean, not {flag!r}")):
        body.decoded("b2s=", flag)


def test_a_text_body_is_its_utf8_bytes() -> None:
    assert body.decoded("é日", False) == "é日".encode()


def test_a_lone_surrogate_in_a_text_body_keeps_its_three_bytes() -> None:
    assert body.decoded("\ud800", False) == b"\xed\xa0\x80"


@pytest.mark.parametrize("text", ["not base64!", "b2s", "b2s=\n", "é"])
def test_a_body_that_is_not_the_base64_it_says_is_an_error_of_the_event(text: str) -> None:
    with pytest.raises(EventError, match="says that its body is base64, and it is not base64"):
        body.decoded(text, True)


def result(text: str, is_base64: bool = False) -> dict[str, Any]:
    return {"statusCode": 200, "headers": {"x": "é"}, "body": text, "isBase64Encoded": is_base64}


@pytest.fixture(params=[False, True], ids=["python 3.12 and newer", "before 3.12"])
def escapes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> bool:
    """Whether Lambda's runtime escapes what is not ASCII."""
    chosen: bool = request.param
    monkeypatch.setattr(body, "_ESCAPES", chosen)
    monkeypatch.setattr(body, "MOST_JSON", 12 if chosen else 6)
    return chosen


ANY_CHARACTER = st.characters(codec=None, exclude_categories=())


@given(text=st.text(ANY_CHARACTER, max_size=50) | st.text(st.characters(max_codepoint=127), max_size=50))
@example("\ud800")
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_size_is_the_size_of_what_the_runtime_sends(escapes: bool, text: str) -> None:
    sent = json.dumps(result(text), ensure_ascii=escapes)
    assert body.json_size(result(text)) == len(sent.encode("utf-8", "surrogatepass"))


@pytest.mark.usefixtures("escapes")
def test_json_size_of_a_base64_body_is_that_of_its_letters() -> None:
    assert body.json_size(result("b2s=", True)) == body.json_size(result("", True)) + 4


@pytest.mark.usefixtures("escapes")
@pytest.mark.parametrize(
    "odd",
    ["é", None, 7, ["é"], {"a": "é"}, {"body": {"a": "é"}, "isBase64Encoded": False}, {"body": "é", "statusCode": 200}],
)
def test_json_size_of_a_result_of_another_form_is_that_of_all_its_json(odd: Any) -> None:
    sent = json.dumps(odd, ensure_ascii=body._ESCAPES)
    assert body.json_size(odd) == len(sent.encode())


@pytest.mark.usefixtures("escapes")
@given(st.text(ANY_CHARACTER, min_size=1, max_size=50), st.integers(1, 9), st.integers(0, 400))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_json_size_is_counted_piece_by_piece_until_it_is_small_enough(text: str, piece: int, limit: int) -> None:
    exact = body.json_size(result(text))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(body, "_PIECE", piece)
        assert body.json_size(result(text)) == exact
        found = body.json_size(result(text), limit)
    assert found == exact if exact > limit else exact <= found <= max(limit, exact)


class Text(str):
    """A text that counts how often a part of it is read."""

    read = 0

    def __getitem__(self, key: Any) -> str:
        self.read += 1
        return super().__getitem__(key)


@pytest.mark.parametrize("flag", [{"isBase64Encoded": True}, {"bodyEncoding": "base64"}])
def test_a_body_in_base64_is_not_read_for_its_size(flag: dict[str, Any]) -> None:
    text = Text("b2s=")
    assert body.json_size({"body": text, **flag}) == len(json.dumps({"body": "b2s=", **flag}))
    assert text.read == 0


@pytest.mark.parametrize("flag", [{"isBase64Encoded": False}, {"bodyEncoding": "text"}])
def test_a_text_that_fits_whatever_is_in_it_is_not_read(flag: dict[str, Any]) -> None:
    text = Text("b2s=")
    most = body.json_size({"body": "", **flag}) + 4 * body.MOST_JSON
    assert [body.json_size({"body": text, **flag}, most), text.read] == [most, 0]
    assert [body.json_size({"body": text, **flag}, most - 1), text.read] == [len(json.dumps({"body": text, **flag})), 1]


def test_a_text_that_fits_is_not_read_to_its_end() -> None:
    text = Text('"' * (body.PAYLOAD // body.MOST_JSON + body._PIECE))
    assert body.json_size(result(text), body.PAYLOAD) <= body.PAYLOAD
    assert 0 < text.read < 10


@given(st.text(ANY_CHARACTER, max_size=50))
def test_no_character_takes_more_json_than_the_most(text: str) -> None:
    assert body.json_size(result(text)) <= body.json_size(result("")) + len(text) * body.MOST_JSON


def call(raw: bytes, **headers: str) -> ClientRequest:
    return ClientRequest(
        method="POST", body=raw, headers=[(name.replace("_", "-"), value) for name, value in headers.items()]
    )


@pytest.mark.parametrize(
    "content_type", ["text/csv", "Application/JSON; charset=utf-8", "application/xml", "application/javascript"]
)
def test_an_event_carries_text_of_few_types_as_text(content_type: str) -> None:
    assert body.carried(call("é".encode(), content_type=content_type)) == ("é", False)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": "application/problem+json"},
        {"content_type": "image/svg+xml"},
        {"content_type": "text/plain", "content_encoding": "gzip"},
    ],
)
def test_an_event_carries_all_else_as_base64(headers: dict[str, str]) -> None:
    assert body.carried(call(b"ok", **headers)) == ("b2s=", True)


def test_an_event_carries_text_that_is_not_utf8_as_base64() -> None:
    assert body.carried(call(b"\xff", content_type="text/plain")) == ("/w==", True)


def test_a_result_is_uncarried_as_its_flag_says() -> None:
    assert body.uncarried("é", False) == "é".encode()
    assert body.uncarried("\ud800", False) == b"?"
    assert body.uncarried("b2s=", True) == b"ok"


def test_a_result_that_is_not_the_base64_it_says_is_an_error_of_the_result() -> None:
    with pytest.raises(ResultBodyError, match="says that its body is base64, and it is not base64"):
        body.uncarried("!", True)


@given(st.binary(), st.sampled_from(["text/plain", "application/json", "image/png"]))
def test_what_an_event_carries_the_app_gets(raw: bytes, content_type: str) -> None:
    assert body.decoded(*body.carried(call(raw, content_type=content_type))) == raw


@pytest.mark.parametrize("status", [200, 204, 304, 404, 100, 199])
@pytest.mark.parametrize("length", ["5", "0", "-1", "٥", "five", "", None])
def test_a_length_without_a_body_is_a_number_and_of_a_status_that_has_one(length: str | None, status: int) -> None:
    headers = {"content-type": "a/b"} | ({} if length is None else {"content-length": length})
    body.without_wrong_length(headers, status)
    right = {"content-length": length} if length in ("5", "0") and status in (200, 304, 404) else {}
    assert headers == {"content-type": "a/b"} | right


def test_the_error_says_whose_body_is_no_base64_and_what_to_do() -> None:
    with pytest.raises(EventError, match=r"^the event says that its body is base64, and it is not base64: "):
        body.decoded("!", True)
    with pytest.raises(ResultBodyError, match=r"^the result says that its body is base64, and it is not base64: "):
        body.uncarried("!", True)
    with pytest.raises(EventError, match=r"it is the text that a client sends: of JSON, a string that has JSON in it$"):
        body.decoded({"a": 1}, False)  # type: ignore[arg-type]


def test_a_stream_that_is_too_long_is_said_to_be_with_the_most_that_there_may_be() -> None:
    assert str(body.streamed_too_much()) == "the app streamed more than 6,291,556 bytes, which no result can carry"
