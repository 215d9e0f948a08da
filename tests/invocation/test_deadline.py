import pytest
from hypothesis import given, strategies as st

from bridge._invocation import deadline

from ..asgi_apps import Context


@pytest.mark.parametrize(("milliseconds", "seconds"), [(30_000, 29.5), (1_000, 0.5), (600, 0.3), (10, 0.005), (0, 0)])
def test_a_margin_is_kept_back_to_answer_but_never_more_than_half(milliseconds: int, seconds: float) -> None:
    assert deadline.seconds(Context(milliseconds)) == pytest.approx(seconds)


@given(st.integers(1, 900_000))
def test_the_app_has_always_some_time_and_never_all(milliseconds: int) -> None:
    seconds = deadline.seconds(Context(milliseconds))
    assert seconds is not None
    assert 0 < seconds < milliseconds / 1000


@pytest.mark.parametrize("context", [None, object(), {}])
def test_there_is_no_deadline_where_the_context_does_not_say(context: object) -> None:
    assert deadline.seconds(context) is None  # type: ignore[arg-type]


def test_the_grace_is_part_of_the_margin() -> None:
    assert 0 < deadline.GRACE < deadline.MARGIN


@pytest.mark.parametrize(("milliseconds", "seconds"), [(30_000, 29.8), (1_000, 0.8), (300, 0.15), (0, 0)])
def test_background_work_keeps_back_less(milliseconds: int, seconds: float) -> None:
    assert deadline.seconds(Context(milliseconds), deadline.BACKGROUND_MARGIN) == pytest.approx(seconds)
