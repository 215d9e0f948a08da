"""What users may import, said once, and that the documentation sends nobody anywhere else."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge

ROOT = Path(__file__).parent.parent
PACKAGE = Path(bridge.__file__).parent

PUBLIC = {
    "bridge",
    "bridge.current",
    "bridge.errors",
    "bridge.gateway",
    "bridge.identity",
    "bridge.kinds",
    "bridge.sources",
    "bridge.types",
    "bridge.websocket",
}
COMMANDS = {"bridge.__main__", "bridge.runtime", "bridge.runtime.__main__"}
FLOW = {"bridge.handler"}
"""The file where a newcomer begins to read. `Bridge` is imported from `bridge`."""

PAGES = [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "examples").rglob("*.md")]
EXAMPLES = sorted((ROOT / "examples").rglob("*.py"))


def modules() -> Iterator[str]:
    """The modules without an underscore anywhere in their names."""
    for file in PACKAGE.rglob("*.py"):
        parts = ("bridge", *file.relative_to(PACKAGE).with_suffix("").parts)
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if not any(part.startswith("_") and part != "__main__" for part in name.split(".")):
            yield name


def test_what_is_not_public_looks_private() -> None:
    assert set(modules()) == PUBLIC | COMMANDS | FLOW


def test_the_page_lists_the_public_modules() -> None:
    page = (ROOT / "docs/public-api.md").read_text("utf-8")
    assert set(re.findall(r"^\| `(bridge[.\w]*)` \|", page, re.MULTILINE)) == PUBLIC


def test_the_page_names_only_what_is_there() -> None:
    page = (ROOT / "docs/public-api.md").read_text("utf-8")
    for module, text in re.findall(r"^\| `(bridge[.\w]*)` \|(.*)\|$", page, re.MULTILINE):
        for name in re.findall(r"`(\w+)`", text):
            assert hasattr(importlib.import_module(module), name), f"{module} has no {name}"


def imported(code: str) -> set[str]:
    """The modules of Bridge from which some code imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == "bridge":
            found.add(node.module)
            # What is imported from a package may be one of its modules.
            names = (f"{node.module}.{name.name}" for name in node.names)
            found.update(name for name in names if name in set(modules()) - PUBLIC or "._" in name)
        elif isinstance(node, ast.Import):
            found.update(name.name for name in node.names if name.name.split(".")[0] == "bridge")
    return found


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: str(file.relative_to(ROOT)))
def test_an_example_imports_public_names_only(file: Path) -> None:
    assert imported(file.read_text("utf-8")) <= PUBLIC


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_a_page_sends_nobody_into_a_private_room(page: Path) -> None:
    text = page.read_text("utf-8")
    for snippet in re.findall(r"^```python\n(.*?)^```", text, re.MULTILINE | re.DOTALL):
        assert imported(snippet) <= PUBLIC
    assert not re.findall(r"\bbridge(?:\.\w+)*\._(?!_)\w+", text)


@pytest.mark.parametrize(
    "code", ["from bridge.handler import Bridge", "import bridge._http", "from bridge import handler"]
)
def test_a_private_import_would_be_seen(code: str) -> None:
    assert not imported(code) <= PUBLIC
