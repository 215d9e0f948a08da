"""An app behind the local gateways, against the same app behind uvicorn."""

from typing import Any

import pytest

from . import differential
from .differential import GATEWAYS, differences, exchanged

Outcomes = list[tuple[differential.Asked, differential.Exchanged]]


@pytest.fixture(scope="module")
def outcomes() -> Outcomes:
    return [*exchanged(60, 1)]


def test_an_app_sees_and_says_the_same_behind_every_gateway(outcomes: Outcomes) -> None:
    assert [*differences(outcomes)] == []


LISTS = ["JOINED", "LAST_LINE", "LAST_PARAMETER", "RESPELT", "BY_NAME", "DECODED", "ONE_LINE", "TYPED"]
EXCEPTIONS = [(name, gateway) for name in LISTS for gateway in GATEWAYS if gateway in getattr(differential, name)]


@pytest.mark.parametrize(("name", "gateway"), EXCEPTIONS)
def test_every_exception_that_is_written_is_needed(
    name: str, gateway: str, outcomes: Outcomes, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: Any = getattr(differential, name)
    without = {key: written[key] for key in written if key != gateway} if name == "JOINED" else written - {gateway}
    monkeypatch.setattr(differential, name, without)
    assert any(line.startswith(f"{gateway} ") for line in differences(outcomes))
