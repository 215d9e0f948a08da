"""What is imported when, and who may import whom."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import bridge

from .samples import HTTP, sample

PACKAGE = Path(bridge.__file__).parent

HEAVY = [
    "a2wsgi",
    "argparse",
    "asyncio",
    "base64",
    "collections",
    "dataclasses",
    "email",
    "enum",
    "functools",
    "http",
    "httpx",
    "importlib.metadata",
    "inspect",
    "json",
    "logging",
    "pybase64",
    "re",
    "ssl",
    "starlette",
    "threading",
    "typing",
    "urllib.parse",
    "uuid",
    "weakref",
]
"""What is slow to import: a cold start pays for each."""

WSGI = """
def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]
handler = bridge.Bridge(app)
"""


def imported(code: str, event: dict[str, Any] | None = None) -> set[str]:
    """The modules that a new interpreter, with nothing of its own beyond the barest, has after some code."""
    script = f"""
import sys
sys.path[:0] = {[str(PACKAGE.parent)]!r}
event = {event!r}
before = set(sys.modules)
import bridge
{code}
print(*(set(sys.modules) - before))
"""
    run = subprocess.run([sys.executable, "-I", "-S", "-c", script], capture_output=True, text=True, check=True)
    return set(run.stdout.split())


@pytest.mark.parametrize("code", ["", WSGI], ids=["import bridge", "Bridge of a WSGI app"])
def test_a_cold_start_imports_nothing_that_is_slow_to_import(code: str) -> None:
    assert not imported(code).intersection(HEAVY)


@pytest.mark.parametrize("name", ["http_api", "http_api_stage", "function_url_nulls", "rest_console_test"])
def test_an_event_of_a_wsgi_app_imports_nothing_that_is_slow_to_import(name: str) -> None:
    event = {**sample(name), "rawPath": "/plain", "path": "/plain"}
    event["requestContext"].get("http", {})["path"] = "/plain"
    code = WSGI + "assert handler(event)['statusCode'] == 200"
    assert not imported(code, event).intersection(HEAVY)


BASE64 = ("rest_upload", "http_api_post", "lattice_2_post", "edge_origin")
"""Events that need pybase64, which a Python without site-packages does not have."""


@pytest.mark.parametrize("name", [name for name in HTTP if name not in BASE64])
def test_no_event_of_a_wsgi_app_imports_asyncio(name: str) -> None:
    code = WSGI + "assert handler(event).get('statusCode') == 200 or handler(event)['status'] == '200'"
    assert not imported(code, sample(name)) & {
        "asyncio",
        "bridge._app.asgi",
        "bridge._app.asgi.loop",
        "bridge._app.asgi.lifespan",
    }


@pytest.mark.parametrize("name", HTTP)
def test_a_rare_source_is_imported_by_its_events_only(name: str) -> None:
    rare = {"bridge.sources._lattice", "bridge.sources._edge"}
    code = "from bridge.sources import detect\ndetect(event)"
    assert imported(code, sample(name)) & rare == rare & {f"bridge.sources._{HTTP[name]}"}


@pytest.mark.parametrize("code", ["", WSGI + "handler(event)"], ids=["import bridge", "an event"])
def test_what_few_need_is_not_imported_for_all(code: str) -> None:
    modules = imported(code, sample("http_api"))
    own = {name.removeprefix("bridge.sources.") for name in modules if name.startswith("bridge.sources.")}
    assert not own & {"_custom", "_user", "_neutral", "_templates"}


@pytest.mark.parametrize("name", ["http_api", "function_url", "rest"])
@pytest.mark.parametrize("streaming", ["off", "on"])
def test_no_stream_of_a_wsgi_app_imports_asyncio(name: str, streaming: str) -> None:
    code = WSGI.replace("(app)", f"(app, streaming={streaming!r})")
    code += """
class Responder(list):
    def __getattr__(self, name):
        return lambda *arguments: self.append(name)
responder = Responder()
handler.respond_sync(event, None, responder)
assert responder[-1] in ("result", "end"), responder
"""
    assert not imported(code, sample(name)) & {
        "asyncio",
        "bridge._app.asgi",
        "bridge._app.asgi.loop",
        "bridge._app.asgi.lifespan",
    }


def test_a_wsgi_app_that_fails_imports_what_it_takes_to_log_and_no_asyncio() -> None:
    modules = imported(WSGI.replace("return", "raise ValueError") + "handler(event)", sample("http_api"))
    assert "logging" in modules
    assert "asyncio" not in modules


OTHER_ROOMS = ("bridge._app.wsgi", "bridge.gateway", "bridge.websocket", "bridge._command")


def test_an_asgi_app_imports_neither_the_wsgi_side_nor_websockets_nor_the_gateway() -> None:
    modules = imported("async def app(scope, receive, send): ...\nbridge.Bridge(app)")
    assert "bridge._app.asgi" in modules
    assert not [name for name in modules if name.startswith(OTHER_ROOMS)]


LAYERS = [
    {"errors", "types"},
    {"current", "kinds", "_invocation"},
    {"_http", "identity"},
    {"sources"},
    {"_app"},
    {"websocket"},
    {"_events"},
    {"_options"},
    {"handler"},
    {"__init__"},
    {"runtime"},
    {"gateway"},
    {"_command"},
    {"__main__"},
]
"""Rooms and files at the top of the package. Each may import what is above it in this list."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FILES = sorted(PACKAGE.rglob("*.py"))


def name_of(file: Path) -> str:
    """A module's name below `bridge`: "" is `bridge` itself."""
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(file): file for file in FILES}


def imports(node: ast.AST, module: str) -> Iterator[str]:
    """The modules of Bridge that a module imports when it runs, be it at once or in a function.

    What a package's `__getattr__` imports is for its users, not for itself.
    """
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.FunctionDef) and node.name == "__getattr__":
        return
    if isinstance(node, ast.Import):
        names = [name.name for name in node.names]
        yield from (name.removeprefix("bridge").removeprefix(".") for name in names if name.split(".")[0] == "bridge")
    if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "bridge"):
        package = module.split(".") if MODULES[module].name == "__init__.py" else module.split(".")[:-1]
        base = package[: len(package) - node.level + 1] if node.level else []
        named = (node.module or "").split(".") if node.module else []
        target = ".".join([*base, *(named if node.level else named[1:])]).strip(".")
        for name in node.names:
            inner = f"{target}.{name.name}".strip(".")
            yield inner if inner in MODULES else target
    for child in ast.iter_child_nodes(node):
        yield from imports(child, module)


def room(module: str) -> str:
    """The file or folder at the top that a module is in."""
    return module.split(".")[0] or "__init__"


ARROWS = {module: set(imports(ast.parse(file.read_text("utf-8")), module)) for module, file in MODULES.items()}


def test_a_module_imports_only_what_lies_below_it() -> None:
    upward = [
        f"{module} imports {name}"
        for module, names in ARROWS.items()
        for name in names
        if LEVEL[room(name)] >= LEVEL[room(module)] and not (room(name) == room(module) and module)
    ]
    assert not upward


def circle(arrows: dict[str, set[str]]) -> list[str]:
    """A circle of modules that import each other, or nothing."""
    done: set[str] = set()

    def walk(module: str, way: list[str]) -> list[str]:
        if module in way:
            return [*way[way.index(module) :], module]
        if module not in done:
            for name in sorted(arrows.get(module, ())):
                found = walk(name, [*way, module])
                if found:
                    return found
            done.add(module)
        return []

    return next((found for module in sorted(arrows) if (found := walk(module, []))), [])


def test_no_modules_import_each_other_in_a_circle() -> None:
    assert circle(ARROWS) == []


def test_a_circle_would_be_seen() -> None:
    assert circle({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == ["b", "c", "b"]


def test_every_module_has_its_layer() -> None:
    assert {room(module) for module in MODULES} == set(LEVEL)


def test_the_top_of_the_package_can_be_seen_at_a_glance() -> None:
    assert len({room(module) for module in MODULES}) <= 18


@pytest.mark.parametrize("line", ["from .handler import Bridge", "from . import handler", "import bridge.handler"])
def test_an_upward_import_would_be_seen(line: str) -> None:
    (name,) = imports(ast.parse(f"def late():\n    {line}"), "errors")
    assert LEVEL[room(name)] > LEVEL["errors"]


def test_an_import_out_of_a_package_would_be_seen() -> None:
    lines = ["from ..handler import Bridge", "from .. import kinds", "from . import _v1", "from ._v1 import event"]
    code = "\n".join([*lines, "from bridge import x"])
    assert list(imports(ast.parse(code), "sources._v2")) == ["handler", "kinds", "sources._v1", "sources._v1", ""]


def test_no_class_has_the_name_of_another() -> None:
    names = [
        node.name
        for file in FILES
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    ]
    assert {name for name in names if names.count(name) > 1} == set()


def test_no_field_of_a_request_is_read_by_number() -> None:
    number = re.compile(r"\b(request|response|headers)\[\d")
    assert not [file for file in FILES if number.search(file.read_text("utf-8"))]
