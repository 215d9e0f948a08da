"""docs/compatibility.md, made of the results of this suite."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from .contract import APIS, FEATURES, FRAMEWORKS, Framework, has

if TYPE_CHECKING:
    import pytest

HEAD = """# Compatibility

Find your framework, and see what has been tested. `make compat` runs these tests and writes this page, on
Python {python}.

## Frameworks

Each app has the same routes, written as its framework's documentation does. Each is asked behind every one of these:
{apis}. "yes" is all of them; "-" is what the framework does not do by itself, or the app does not use.

| framework | version | interface | {features} |
|---|---|---|{rules}|
"""

LEGEND = """
| column | what was tested |
|---|---|
{rows}

Sanic does not read `root_path`: its routes work behind a stage, and the absolute URLs that it makes lack the stage. For
Falcon, Sanic and python-socketio, Bridge gives `path` without `root_path`: [the guide](guide.md#stage-and-base-path).

Each package below comes with what it needs; [recipes](recipes.md) has the settings of Dash, MCP and Django's static
files.

## Packages beside a framework

| package | version | what was tested | |
|---|---|---|---|
{packages}
"""


class Page:
    """The results so far."""

    def __init__(self) -> None:
        self._results: dict[tuple[Framework, str], list[str]] = {}
        self._packages: dict[tuple[str, str], bool] = {}

    def note(self, item: pytest.Item, passed: bool) -> None:
        """Take the result of a test."""
        marker = item.get_closest_marker("package")
        if marker is not None:
            key = (marker.args[0], marker.args[1])
            self._packages[key] = self._packages.get(key, True) and passed
        elif hasattr(item, "callspec") and "feature" in item.callspec.params:
            case = item.callspec.params
            failed = self._results.setdefault((case["framework"], case["feature"]), [])
            if not passed:
                failed.append(case["api"])

    def write(self, target: str | Path) -> None:
        """Write the page."""
        rows = [self._row(framework) for framework in FRAMEWORKS]
        told = [f"| {name} | {(check.__doc__ or '').strip()} |" for name, check in FEATURES.items()]
        packages = [
            f"| {name} | {version(name)} | {says} | {'yes' if passed else '**no**'} |"
            for (name, says), passed in sorted(self._packages.items(), key=lambda entry: entry[0][0].lower())
        ]
        apis = list(APIS)
        head = HEAD.format(
            python=platform.python_version(),
            apis=", ".join(apis[:-1]) + " and " + apis[-1],
            features=" | ".join(FEATURES),
            rules="|".join(["---"] * len(FEATURES)),
        )
        legend = LEGEND.format(rows="\n".join(told), packages="\n".join(packages))
        Path(target).write_text(head + "\n".join(rows) + "\n" + legend, encoding="utf-8")

    def _row(self, framework: Framework) -> str:
        cells = [self._cell(framework, feature) for feature in FEATURES]
        return f"| {framework.name} | {version(framework.package)} | {framework.interface} | {' | '.join(cells)} |"

    def _cell(self, framework: Framework, feature: str) -> str:
        if not has(framework, feature):
            return "-"
        failed = self._results.get((framework, feature))
        if failed is None:
            return "not run"
        return f"**not behind {', '.join(failed)}**" if failed else "yes"
