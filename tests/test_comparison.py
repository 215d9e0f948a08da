"""docs/comparison.md, and the README's table: what they say of the Python adapters is so; all else has its source."""

import importlib.metadata
import re
from collections import Counter
from contextlib import closing

import pytest

from .comparison import apps, events, operations, requests, responses
from .comparison.adapters import ADAPTERS, fresh_loop
from .comparison.page import COMPARISON, README, Cell, cells, references
from .comparison.rows import NOT_APPLICABLE, ROWS, word

TOPICS = [events, requests, responses, apps, operations]  # to import them is to fill ROWS
PYTHON = {adapter.name for adapter in ADAPTERS}
CELLS = cells(COMPARISON)
PROBED = [cell for cell in CELLS if cell.column in PYTHON and cell.link is None]
UNKNOWN = "?"


@pytest.mark.parametrize("row", sorted(ROWS))
def test_a_row_says_what_each_adapter_does(row: str) -> None:
    for cell in PROBED:
        if cell.row == row:
            with closing(fresh_loop()):  # Mangum runs on the loop that it finds in its place
                assert cell.word == word(cell.row, cell.column), cell.column


def test_every_adapter_that_can_be_run_has_its_word_in_every_row_that_has_a_probe() -> None:
    assert {cell.row for cell in PROBED} == set(ROWS)
    rows = Counter((cell.row, cell.column) for cell in CELLS)
    assert all(rows[row, name] for row in ROWS for name in PYTHON)


def test_a_cell_that_no_test_backs_has_a_link() -> None:
    for cell in CELLS:
        if cell not in PROBED:
            check_source(cell)


def check_source(cell: Cell) -> None:
    if cell.link is None:
        assert cell.word in (NOT_APPLICABLE, UNKNOWN)
    elif cell.column == "Bridge":
        assert (COMPARISON.parent / cell.link).exists()
    else:
        version = r"/[0-9a-f]{40}/|@\d+\.\d+\.\d+/|/v?\d+\.\d+\.\d+/?$|/(issues|pull)/\d+$"
        assert re.search(version, cell.link), "a source of no version may say something else tomorrow"


def test_the_page_uses_every_source_that_it_names_once() -> None:
    text = COMPARISON.read_text(encoding="utf-8")
    names = references(text)
    assert set(re.findall(r"\]\[([^\]]+)\]", text)) == set(names)
    assert len(set(names.values())) == len(names)


def test_the_readme_says_what_the_page_says() -> None:
    said = {(cell.row, cell.column, cell.word) for cell in cells(README)}
    assert said
    assert said <= {(cell.row, cell.column, cell.word) for cell in CELLS}


@pytest.mark.parametrize("name", sorted(PYTHON - {"Bridge"}))
def test_the_versions_are_those_that_were_run(name: str) -> None:
    version = importlib.metadata.version(name.lower())
    assert f"{name} {version}" in COMPARISON.read_text(encoding="utf-8")
    assert f"| {name} {version.rpartition('.')[0]} |" in README.read_text(encoding="utf-8")
