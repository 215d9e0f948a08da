"""How the adapters do in operation, and what they bring along."""

import asyncio
import importlib.metadata
import importlib.util
import re
import time
import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from bridge.gateway import Gateway

from ..apps import Receive, Reply, Send, StartResponse
from ..asgi_apps import Context
from .adapters import Adapter, Raw
from .events import to
from .page import ROOT
from .rows import row, yes

MODULE = {"apig-wsgi": "apig_wsgi", "serverless-wsgi": "serverless_wsgi"}


def _app(adapter: Adapter, what: Any) -> Any:
    """An app that does something before it answers."""

    async def asgi(scope: Raw, receive: Receive, send: Send) -> None:
        outcome = what()
        if hasattr(outcome, "__await__"):
            await outcome
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"late"})

    def wsgi(_: Raw, start_response: StartResponse) -> Iterable[bytes]:
        what()
        start_response("200 OK", [])
        return [b"late"]

    return asgi if adapter.interface == "asgi" else wsgi


def _raise() -> None:
    raise ZeroDivisionError("the app's own")


def _reaches_lambda(adapter: Adapter, **options: Any) -> bool:
    try:
        adapter.handler(_app(adapter, _raise), **options)(to("http_api"), None)
    except ZeroDivisionError:
        return True
    return False


@row("an app's exception counts in Lambda's Errors metric")
def errors(adapter: Adapter) -> str:
    if _reaches_lambda(adapter):
        return "yes"
    return "by option" if adapter.has(errors="raise") and _reaches_lambda(adapter, errors="raise") else "no"


@row("a 504 of its own before Lambda's timeout")
def deadline(adapter: Adapter) -> str:
    wait = (lambda: asyncio.sleep(0.3)) if adapter.interface == "asgi" else (lambda: time.sleep(0.3))
    return yes(adapter.handler(_app(adapter, wait))(to("http_api"), Context(501))["statusCode"] == 504)


@row("a result over Lambda's limit does not end the runtime")
def too_large(adapter: Adapter) -> str:
    result = adapter.result(to("http_api"), Reply(body=b"x" * 7_000_000))
    return yes(len(result["body"]) < 6_000_000)


@row("an app that does not answer")
def no_answer(adapter: Adapter) -> str:
    async def asgi(scope: Raw, receive: Receive, send: Send) -> None: ...

    def wsgi(_: Raw, __: StartResponse) -> list[bytes]:
        return []

    app: Any = asgi if adapter.interface == "asgi" else wsgi
    try:
        return str(adapter.handler(app)(to("http_api"), None)["statusCode"])
    except Exception:
        return "a crash"


def _files(adapter: Adapter) -> list[Path]:
    spec = importlib.util.find_spec(MODULE.get(adapter.name, adapter.name.lower()))
    assert spec is not None
    assert spec.origin is not None
    place = Path(spec.origin)
    return [file for file in place.parent.rglob("*") if file.is_file()] if place.name == "__init__.py" else [place]


@row("SnapStart hooks")
def snapstart(adapter: Adapter) -> str:
    sources = [file.read_text("utf-8") for file in _files(adapter) if file.suffix == ".py"]
    return yes(any("snapshot_restore_py" in source for source in sources))


@row("types for checkers (`py.typed`)")
def typed(adapter: Adapter) -> str:
    return yes(any(file.name == "py.typed" for file in _files(adapter)))


def _requirements(adapter: Adapter) -> tuple[list[str], str]:
    """What an adapter needs: other packages, and which Python."""
    if adapter.name == "Bridge":
        project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
        return project["dependencies"], project["requires-python"]
    distribution = importlib.metadata.distribution(adapter.name.lower())
    packages = [line for line in distribution.requires or [] if "extra ==" not in line]
    return packages, distribution.metadata["Requires-Python"]


@row("dependencies")
def dependencies(adapter: Adapter) -> str:
    packages, _ = _requirements(adapter)
    return ", ".join(re.split(r"[^\w-]", line)[0] for line in packages) or "none"


@row("Python")
def python(adapter: Adapter) -> str:
    _, versions = _requirements(adapter)
    return f"{versions[2:]} and newer" if versions.startswith(">=") else f"newer than {versions[1:]}"


@row("a local stand-in for API Gateway and the others")
def gateway(adapter: Adapter) -> str:
    """Of Bridge only: what the others have, their own pages say."""
    handler = adapter.handler(_app(adapter, lambda: None))
    return yes(TestClient(Gateway(handler, api="rest"), base_url="http://testserver").get("/").text == "late")
