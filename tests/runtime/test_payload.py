"""Events and results as JSON, beside Lambda's own runtime."""

import json
import math
from base64 import b64encode
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, strategies as st

from bridge.runtime import _payload as payload
from bridge.runtime._fault import FaultError
from bridge.runtime._payload import LARGE, decoded, encoded

TEXT = st.text(st.characters(exclude_categories=["Cs"]))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXT | st.decimals() | TEXT.map(str.encode),
    lambda children: st.lists(children) | st.dictionaries(TEXT, children) | st.tuples(children, children),
    max_leaves=10,
)


def written(result: Any) -> bytes:
    return b"".join(piece.encode("ascii") if isinstance(piece, str) else piece for piece in encoded(result)[0])


@given(st.dictionaries(TEXT, VALUES) | VALUES.filter(lambda value: not isinstance(value, bytes)))
def test_a_result_is_what_lambda_s_own_runtime_makes_of_it(result: Any) -> None:
    marshaller = pytest.importorskip("awslambdaric.lambda_runtime_marshaller", reason="awslambdaric is not installed")
    expected, media_type = marshaller.LambdaMarshaller().marshal_response(result)
    # Text of both, so that NaN, and numbers with all their digits, compare equal.
    loads = json.JSONDecoder(parse_float=str, parse_constant=str).decode
    assert loads(written(result).decode()) == loads(expected)
    assert encoded(result)[1] == media_type


@given(TEXT, st.dictionaries(TEXT, st.integers()))
def test_a_large_body_is_the_same_json(text: str, others: dict[str, int]) -> None:
    result = {**others, "body": (text or "x") * LARGE}
    assert json.loads(written(result)) == result
    assert len(encoded(result)[0]) == 4


@given(st.binary(), st.text(max_size=3) | st.sampled_from(["=", "\n", '"', "\\", "\x00", "é"]), st.booleans())
def test_what_is_said_to_be_base64_is_escaped_where_it_is_not(data: bytes, other: str, last: bool) -> None:
    base64 = b64encode(data + bytes(LARGE)).decode()
    body = base64 + other if last else other + base64
    result = {"isBase64Encoded": True, "body": body}
    assert json.loads(written(result)) == json.loads(json.dumps(result))
    text = {"isBase64Encoded": "yes", "body": body}
    assert json.loads(written(text)) == json.loads(json.dumps(text))


@given(st.text(st.characters() | st.sampled_from("\ud800\udc00")))
@example("\ud800\udc00 \udc00\ud800")
def test_a_lone_surrogate_is_escaped(text: str) -> None:
    """Two in a row are one character to JSON."""
    (came,) = json.loads(written([text]))
    assert came.encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")
    body = "x" * LARGE + text
    assert json.loads(written({"body": body})) == {"body": "x" * LARGE + came}


def test_numbers_and_bytes() -> None:
    numbers = [Decimal("1.10"), Decimal("NaN"), Decimal("-Infinity"), math.nan, b"\xc3\xa9", "1.10"]
    assert written(numbers) == '[1.10, NaN, -Infinity, NaN, "é", "1.10"]'.encode()
    assert encoded(b"raw") == ([b"raw"], "application/unknown")


@pytest.mark.parametrize("result", [{1, 2}, {"a": object()}, {(1, 2): 3}, [b"\xff"], {"body": "x" * LARGE, "a": {1}}])
def test_what_is_no_json_is_a_marshal_error(result: Any) -> None:
    with pytest.raises(FaultError, match="Unable to marshal response: ") as raised:
        encoded(result)
    assert raised.value.kind == "Runtime.MarshalError"


def test_a_result_within_itself_is_a_marshal_error() -> None:
    result: list[Any] = []
    result.append(result)
    with pytest.raises(FaultError, match="Circular reference"):
        encoded(result)


@given(VALUES.filter(lambda value: not isinstance(value, bytes)))
def test_an_event_comes_back(value: Any) -> None:
    data = written(value)
    assert repr(decoded(bytearray(data), "application/json")) == repr(json.loads(data))
    assert decoded(bytearray(data), "application/json; charset=utf-8") is not None or data == b"null"
    assert decoded(bytearray(data), "text/plain") == data


@pytest.mark.parametrize("data", [b"", b"{", b"\xff", b"{'a': 1}"])
def test_what_is_no_json_is_an_unmarshal_error(data: bytes) -> None:
    with pytest.raises(FaultError, match="Unable to unmarshal input: ") as raised:
        decoded(bytearray(data), "application/json")
    assert raised.value.kind == "Runtime.UnmarshalError"


@pytest.mark.parametrize("made", [None, lambda *_: lambda value, level: ["no JSON"]])
def test_where_json_has_other_private_parts_results_are_the_same(monkeypatch: pytest.MonkeyPatch, made: Any) -> None:
    result = {"statusCode": 200, "headers": {"a": "é"}, "body": "x", "more": [1.5, None, Decimal("1.10"), math.inf]}
    before = encoded(result)
    with monkeypatch.context() as patch:
        patch.setattr("json.encoder.c_make_encoder", made)
        encoder = payload._encoder()
    monkeypatch.setattr(payload, "_quick", encoder)
    assert encoded(result) == before
    with pytest.raises(NotImplementedError):
        encoder(result, 0)


@pytest.mark.parametrize("event", [b' \n{"a": 1}', b'{"a": 1}\r\n', b'\t{"a": 1} '])
def test_white_space_around_an_event_is_none_of_it(event: bytes) -> None:
    assert decoded(bytearray(event), "application/json") == {"a": 1}
