"""Cold start: a fresh process for every figure, all contenders in turn, over and over.

Timed inside the process: the import of the adapter, the making of the handler and the first event. The app is made
before that, and so are the framework and Lambda's runtime where they are said to be there. The whole process is timed
from outside. All modules are there as bytecode, in a cache of the benchmark's own: what an environment or an installer
has compiled already and what not makes no difference.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

from . import shipped
from .contender import BRIDGE
from .request import Request, http_api
from .rounds import Effort, Figure, figure

BARE = "Python alone"

ASGI_APP = """
async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})
"""
WSGI_APP = """
def app(environ, start_response):
    start_response("200 OK", [("content-type", "application/json")])
    return [b"{}"]
"""
FASTAPI_APP = """
from fastapi import FastAPI
app = FastAPI()
@app.get("/items/{number}")
async def item(number: int):
    return {}
"""
FLASK_APP = """
from flask import Flask
app = Flask("cold")
@app.get("/items/<int:number>")
def item(number):
    return {}
"""
_RUNTIME = "import awslambdaric.bootstrap\n"

MAKERS = {
    BRIDGE: "from bridge import Bridge|Bridge(app)",
    "Mangum": "from mangum import Mangum|Mangum(app)",
    "asgi-aws": "from asgi_aws import Asgi|Asgi.entry_point(app)",
    "apig-wsgi": "from apig_wsgi import make_lambda_handler|make_lambda_handler(app)",
    "serverless-wsgi": (
        "from serverless_wsgi import handle_request|lambda event, context: handle_request(app, event, context)"
    ),
    "Mangum + a2wsgi": "from a2wsgi import WSGIMiddleware; from mangum import Mangum|Mangum(WSGIMiddleware(app))",
}
_ASGI = (BRIDGE, "Mangum", "asgi-aws")
_WSGI = (BRIDGE, "apig-wsgi", "serverless-wsgi", "Mangum + a2wsgi")

SETTINGS = {
    "ASGI app alone": (ASGI_APP, _ASGI),
    "WSGI app alone": (WSGI_APP, _WSGI),
    "ASGI app, Lambda's runtime loaded": (_RUNTIME + ASGI_APP, _ASGI),
    "WSGI app, Lambda's runtime loaded": (_RUNTIME + WSGI_APP, _WSGI),
    "FastAPI loaded": (FASTAPI_APP, _ASGI),
    "Flask loaded": (FLASK_APP, _WSGI),
}
"""What is there before the adapter comes, and who comes."""

_ASGI_NEEDS = ("lambda-bridge", "mangum", "asgi-aws")
_WSGI_NEEDS = ("lambda-bridge", "apig-wsgi", "serverless-wsgi", "mangum", "a2wsgi")
_AIM = 0.55
_EXAMPLES = Path(__file__).parent.parent / "examples"


def _example(title: str, source: str | Path, interface: str, *framework: str) -> shipped.Example:
    text = source.read_text(encoding="utf-8") if isinstance(source, Path) else f"{source}\nhandler = Bridge(app)\n"
    names, needs = (_ASGI, _ASGI_NEEDS) if interface == "asgi" else (_WSGI, _WSGI_NEEDS)
    makers = {name: MAKERS[name] for name in names}
    return shipped.Example(title, text, interface, (*needs, *framework), makers, _AIM if framework else None)


EXAMPLES = {
    example.title: example
    for example in (
        _example("FastAPI example", _EXAMPLES / "fastapi_app" / "app.py", "asgi", "fastapi", "python-multipart"),
        _example("ASGI app", ASGI_APP, "asgi"),
        _example("Flask example", _EXAMPLES / "flask_app" / "app.py", "wsgi", "flask"),
        _example("WSGI app", WSGI_APP, "wsgi"),
    )
}
"""What is started as it is shipped, with and without bytecode. The small apps show what the adapter itself takes."""

_SCRIPT = """\
import sys, time
{before}
event = {event!r}
before = len(sys.modules)
start = time.perf_counter()
{imports}
imported = time.perf_counter()
handler = {make}
result = handler(event, None)
end = time.perf_counter()
assert result["statusCode"] == 200, result
print(imported - start, end - start, len(sys.modules) - before)
"""

Row = dict[str, Any]
"""setting, interface, shipped, figures (by contender: `import`, `first_event`, `process`, each a figure; `modules`),
errors. Those of `shipped` have `aim` too."""


def measure(effort: Effort, say: Callable[[str], None] = print, only: str | None = None) -> list[Row]:
    """Run every setting and example, or the one that is called `only`."""
    rows: list[Row] = []
    for title, example in EXAMPLES.items():
        if only in (None, title):
            rows += shipped.rows(example, effort, say)
    with tempfile.TemporaryDirectory() as cache:
        for setting, (before, names) in SETTINGS.items():
            if only in (None, setting):
                say(f"cold start: {setting}")
                rows.append(_row(setting, before, names, effort.launches, cache))
    return rows


def _row(setting: str, before: str, names: tuple[str, ...], launches: int, cache: str) -> Row:
    scripts = {BARE: "print(0, 0, 0)"}
    event = http_api(Request())
    for name in names:
        imports, make = MAKERS[name].split("|")
        scripts[name] = _SCRIPT.format(before=before, event=event, imports=imports, make=make)
    times: dict[str, list[tuple[float, ...]]] = {}
    errors = {}
    for name, script in scripts.items():  # not timed: writes the bytecode, and tells who can take part
        try:
            _launch(script, cache)
            times[name] = []
        except (OSError, RuntimeError) as error:
            errors[name] = str(error)
    draw = random.Random(0)
    for _ in range(launches):
        for name in draw.sample(list(times), len(times)):
            times[name].append(_launch(scripts[name], cache))
    figures: dict[str, Any] = {}
    for name in times:
        figures[name] = {"process": _column(times, name, 0)}
        if name != BARE:
            figures[name]["import"] = _column(times, name, 1)
            figures[name]["first_event"] = _column(times, name, 2)
            figures[name]["modules"] = int(times[name][0][3])
    interface = "asgi" if names == _ASGI else "wsgi"
    return {"setting": setting, "interface": interface, "shipped": False, "figures": figures, "errors": errors}


def _column(times: dict[str, list[tuple[float, ...]]], name: str, column: int) -> Figure:
    own, reference = ([line[column] for line in times.get(key, [])] for key in (name, BRIDGE))
    return figure(own, reference, 1)


def variables(cache: str) -> dict[str, str]:
    """The environment of a fresh process: what is Lambda's or Bridge's is not in it, and `cache` has its bytecode."""
    unwanted = ("AWS_", "BRIDGE_", "COVERAGE_", "LAMBDA_", "PYTHONDONT", "_HANDLER")
    environ = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
    return environ | {"PYTHONPYCACHEPREFIX": cache}


def _launch(script: str, cache: str) -> tuple[float, ...]:
    environ = variables(cache)
    start = perf_counter()
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environ)
    process = perf_counter() - start
    if done.returncode:
        raise RuntimeError(done.stderr.strip().splitlines()[-1][:200])
    imported, first_event, modules = map(float, done.stdout.split()[-3:])
    return process, imported, first_event, modules
