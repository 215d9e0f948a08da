"""What a docstring says first: what its function does."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import bridge

PACKAGE = Path(bridge.__file__).parent

VERBS = """
Add Answer Ask Await Begin Bring Build Call Cancel Change Check Choose Close Compare Compile Create Decide Delete Drop
Encode End Ensure Enter Escape Fetch Fill Find Follow Forget Fork Give Go Hand Hold Import Install Invoke Join Keep
Leave Lend Let Listen Load Log Look Make Move Note Open Parse Post Prepare Print Put Quote Raise Read Refuse Register
Release Remove Renew Replace Report Resolve Return Run Say Send Serve Set Start Stop Surround Take Tell Undo Update
Use Verify Wait Wrap Write Yield
"""
IMPERATIVE = frozenset(VERBS.split())
"""What may begin a docstring. A new verb is welcome here, if no noun is written like it."""


def firsts(code: str) -> Iterator[tuple[str, int, str]]:
    """Return name, line and first word of each function that has a docstring."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and (text := ast.get_docstring(node)):
            yield node.name, node.lineno, text.split()[0].rstrip(".,:;")


def test_the_docstring_of_every_function_method_and_property_begins_with_a_verb() -> None:
    wrong = [
        f"{file.relative_to(PACKAGE)}:{line}: {name}: {word!r}"
        for file in sorted(PACKAGE.rglob("*.py"))
        for name, line, word in firsts(file.read_text("utf-8"))
        if word not in IMPERATIVE
    ]
    assert not wrong


@pytest.mark.parametrize("first", ["The result of an event.", "Whether it is.", "See `put`.", "Returns it."])
def test_another_beginning_would_be_seen(first: str) -> None:
    [(name, line, word)] = firsts(f'class A:\n    async def f(self):\n        """{first}"""')
    assert (name, line) == ("f", 2)
    assert word not in IMPERATIVE
