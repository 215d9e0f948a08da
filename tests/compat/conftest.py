"""The compatibility suite has packages of its own: the dependency group `compat`. `make compat` runs it."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HAS_PACKAGES = all(importlib.util.find_spec(name) for name in ("falcon", "sanic", "blacksheep", "connexion"))
collect_ignore_glob = [] if HAS_PACKAGES else ["test_*.py"]

if HAS_PACKAGES:
    from .page import Page

    PAGE = pytest.StashKey[Page]()

    def pytest_addoption(parser: pytest.Parser) -> None:
        """Say where the page goes."""
        parser.addoption("--compat-page", metavar="FILE", help="make a page of the results")

    def pytest_configure(config: pytest.Config) -> None:
        """Begin a page."""
        config.addinivalue_line("markers", "package(name, says): what the page says of a package beside the table")
        config.stash[PAGE] = Page()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> object:
        """Note a result."""
        report = yield
        if report.when == "call":
            item.config.stash[PAGE].note(item, report.passed)
        return report

    def pytest_sessionfinish(session: pytest.Session) -> None:
        """Write the page."""
        target: Path | None = session.config.getoption("--compat-page")
        if target:
            session.config.stash[PAGE].write(target)
