import json

import pytest
from hypothesis import given, strategies as st

from bridge import ResultTooLargeError
from bridge._app import prelude

TEXTS = st.text(max_size=20)
HEADS = st.fixed_dictionaries({"statusCode": st.integers(100, 999), "headers": st.dictionaries(TEXTS, TEXTS)})


@given(HEADS, st.binary(max_size=30))
def test_a_prelude_ends_where_it_ends_whatever_is_in_it_and_after_it(head: dict[str, object], body: bytes) -> None:
    found = prelude.split(prelude.encoded(head) + body)
    assert found is not None
    assert json.loads(found[0]) == head
    assert found[1] == body


@given(HEADS, st.integers(1, 8))
def test_a_prelude_that_is_not_all_there_is_none(head: dict[str, object], missing: int) -> None:
    assert prelude.split(prelude.encoded(head)[:-missing]) is None


def test_it_has_16_kb_with_the_delimiter() -> None:
    around = len(prelude.encoded({"x": ""}))
    assert len(prelude.encoded({"x": "y" * (16_384 - around)})) == 16_384
    with pytest.raises(ResultTooLargeError, match="16,385 bytes of JSON"):
        prelude.encoded({"x": "y" * (16_385 - around)})
