"""The tables of a page that compare Bridge with others."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPARISON = ROOT / "docs" / "comparison.md"
README = ROOT / "README.md"


@dataclass(frozen=True)
class Cell:
    """A cell of a table."""

    row: str
    column: str
    word: str
    link: str | None
    """What the word links to, if it does."""


def cells(page: Path) -> list[Cell]:
    """Every cell of the tables whose first column is Bridge's, but for the labels."""
    text = page.read_text(encoding="utf-8")
    targets = references(text)
    found = []
    columns: list[str] = []
    for line in text.splitlines():
        texts = [each.strip() for each in line.strip("|").split("|")] if line.startswith("|") else []
        if not texts:
            columns = []
        elif texts[:2] == ["", "Bridge"]:
            columns = [re.sub(r" [\d.]+$", "", column) for column in texts[1:]]
        elif columns and not re.fullmatch("[-|]+", "|".join(texts)):
            pairs = zip(columns, texts[1:], strict=True)
            found += [_cell(texts[0], column, markdown, targets) for column, markdown in pairs]
    return found


def _cell(row: str, column: str, markdown: str, targets: dict[str, str]) -> Cell:
    link = re.fullmatch(r"\[(?P<word>[^\]]+)\](?:\[(?P<name>[^\]]+)\]|\((?P<target>[^)]+)\))", markdown)
    if link is None:
        return Cell(row, column, markdown, None)
    return Cell(row, column, link["word"], link["target"] or targets[link["name"]])


def references(text: str) -> dict[str, str]:
    """The addresses that a page gives names to, at its end."""
    return dict(re.findall(r"^\[([^\]]+)\]: (\S+)$", text, re.MULTILINE))
