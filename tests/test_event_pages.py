"""The pages of docs/events/ say what Bridge does."""

import pytest

from .event_pages import KINDS, PAGES, page
from .samples import HTTP


@pytest.mark.parametrize("name", KINDS)
def test_a_page_says_what_bridge_does(name: str) -> None:
    assert (PAGES / f"{name}.md").read_text("utf-8") == page(name), "write them anew: python -m tests.event_pages"


def test_every_page_is_of_a_kind_and_every_source_has_one() -> None:
    assert {file.stem for file in PAGES.glob("*.md")} == set(KINDS)
    assert {HTTP[name] for _, names, _ in KINDS.values() for name in names} == set(HTTP.values())
