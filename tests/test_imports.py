"""What is imported when, and who may import whom."""

import ast
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
    assert not imported(code, sample(name)) & {"asyncio", "bridge.asgi", "bridge.loop", "bridge.lifespan"}


@pytest.mark.parametrize("name", HTTP)
def test_a_rare_source_is_imported_by_its_events_only(name: str) -> None:
    rare = {"bridge.sources.lattice", "bridge.sources.edge"}
    code = "from bridge.sources import detect\ndetect(event)"
    assert imported(code, sample(name)) & rare == rare & {f"bridge.sources.{HTTP[name]}"}


@pytest.mark.parametrize("code", ["", WSGI + "handler(event)"], ids=["import bridge", "an event"])
def test_what_few_need_is_not_imported_for_all(code: str) -> None:
    modules = imported(code, sample("http_api"))
    own = {name.removeprefix("bridge.sources.") for name in modules if name.startswith("bridge.sources.")}
    assert not own & {"custom", "given", "neutral", "templates"}


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
    assert not imported(code, sample(name)) & {"asyncio", "bridge.asgi", "bridge.loop", "bridge.lifespan"}


def test_a_wsgi_app_that_fails_imports_what_it_takes_to_log_and_no_asyncio() -> None:
    modules = imported(WSGI.replace("return", "raise ValueError") + "handler(event)", sample("http_api"))
    assert "logging" in modules
    assert "asyncio" not in modules


def test_an_asgi_app_imports_neither_the_wsgi_side_nor_websockets_nor_the_gateway() -> None:
    modules = imported("async def app(scope, receive, send): ...\nbridge.Bridge(app)")
    assert "bridge.asgi" in modules
    assert not [
        name for name in modules if name.startswith(("bridge.wsgi", "bridge.gateway", "bridge.websocket", "bridge.cli"))
    ]


LAYERS = [
    {
        "errors",
        "types",
        "address",
        "percent",
        "deadline",
        "log",
        "stage",
        "call",
        "kinds",
        "root",
        "current",
        "identity",
        "context",
        "websocket_options",
    },
    {"headers", "body", "interface", "lifespan", "shutdown", "prelude", "front"},
    {"loop"},
    {"sources", "cycle", "visits", "policy"},
    {"asgi", "wsgi", "reserved", "answer"},
    {"asgi_stream", "wsgi_stream"},
    {"websocket"},
    {"others"},
    {"handler"},
    {"__init__"},
    {"target"},
    {"worker"},
    {"gateway", "runtime"},
    {"cli"},
    {"__main__"},
]
"""Each may import what is above it in this list. `sources` and `gateway` are packages."""

LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
FILES = sorted(PACKAGE.rglob("*.py"))


def unit(parts: tuple[str, ...]) -> str:
    """The layer's name of a module: a package counts as one."""
    return parts[0] if parts else "__init__"


def imports(node: ast.AST, package: tuple[str, ...]) -> Iterator[str]:
    """The units of Bridge that a module imports when it runs, be it at once or in a function."""
    if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
        return
    if isinstance(node, ast.Import):
        yield from (unit(tuple(name.name.split(".")[1:])) for name in node.names if name.name.split(".")[0] == "bridge")
    if isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").split(".")[0] == "bridge"):
        base = package[: len(package) - node.level + 1] if node.level else ()
        module = tuple((node.module or "").split(".")) if node.module else ()
        target = base + (module if node.level else module[1:])
        for name in node.names:
            yield unit(target or ((name.name,) if name.name in LEVEL else ()))
    for child in ast.iter_child_nodes(node):
        yield from imports(child, package)


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_a_module_imports_only_what_lies_below_it(file: Path) -> None:
    parts = file.relative_to(PACKAGE).with_suffix("").parts
    own = unit(parts)
    for name in imports(ast.parse(file.read_text("utf-8")), parts[:-1]):
        assert LEVEL[name] < LEVEL[own] or (name == own and len(parts) > 1), f"{own} imports {name}"


def test_every_module_has_its_layer() -> None:
    assert {unit(file.relative_to(PACKAGE).with_suffix("").parts) for file in FILES} == set(LEVEL)


@pytest.mark.parametrize("line", ["from .handler import Bridge", "from . import handler", "import bridge.handler"])
def test_an_upward_import_would_be_seen(line: str) -> None:
    (name,) = imports(ast.parse(f"def late():\n    {line}"), ())
    assert LEVEL[name] > LEVEL["headers"]


def test_an_import_out_of_a_package_would_be_seen() -> None:
    lines = ["from ..handler import Bridge", "from .. import asgi", "from . import v1", "from .v1 import event"]
    code = "\n".join([*lines, "from bridge import x"])
    assert list(imports(ast.parse(code), ("sources",))) == ["handler", "asgi", "sources", "sources", "__init__"]
