"""Runs a recipe of docs/observability.md in a process that is frozen between events, and looks at what was sent."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..samples import sample
from .freezing import FreezingApi, HttpSink, UdpSink
from .tools import Sent, Tool

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "observability.md"

RUNTIMES = ("awslambdaric", "bridge.runtime, buffered", "bridge.runtime, streamed")
STREAM = "application/vnd.awslambda.http-integration-response"
TRACE = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1"


def recipe(name: str) -> str:
    """The code of a recipe."""
    found = re.search(rf"^```python {name}\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    assert found is not None, name
    return found[1]


def event(path: str, is_url: bool) -> dict[str, Any]:
    """A GET of a path, as an HTTP API or a function URL sends it."""
    made = sample("function_url" if is_url else "http_api")
    made["rawPath"] = made["requestContext"]["http"]["path"] = path
    made["requestContext"]["http"]["method"] = "GET"
    made["headers"]["idempotency-key"] = path
    return made


class Observed:
    """A function with a tool, under one of the runtimes.

    Attributes:
        log_at_answer: what had been written when the last answer had arrived.

    Args:
        tool: the tool.
        runtime: one of RUNTIMES.
        interface: "asgi" or "wsgi".
        folder: for the module and the log.
    """

    def __init__(self, tool: Tool, runtime: str, interface: str, folder: Path) -> None:
        self.tool = tool
        self.is_url = runtime.endswith("streamed")
        self.is_own = runtime != "awslambdaric"
        self._folder = folder
        self.api, self._http, self._udp = FreezingApi(), HttpSink(), UdpSink()
        before = tool.before + (tool.wsgi if interface == "wsgi" else "")
        code = f"from tests.observe.{interface}_app import app\n{before}{recipe(tool.recipe)}"
        if self.is_url and not tool.streams:
            code = code.replace("Bridge(app, ", 'Bridge(app, streaming="auto", ')
        (folder / "recipe.py").write_text(code)
        command = [sys.executable, "-m", "bridge.runtime" if self.is_own else "awslambdaric", tool.handler]
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                command, cwd=folder, env=self._variables(), stdout=log, stderr=subprocess.STDOUT
            )
        self.api.watch(self.process.pid)
        self._seen = [0, 0, 0]
        self._count = 0
        self.log_at_answer = ""

    def _variables(self) -> dict[str, str]:
        port = self._http.port
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "BRIDGE_", "COV"))},
            "AWS_LAMBDA_RUNTIME_API": self.api.address,
            "AWS_LAMBDA_FUNCTION_NAME": "shop",
            "AWS_LAMBDA_FUNCTION_VERSION": "1",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128",
            "AWS_LAMBDA_LOG_GROUP_NAME": "group",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream",
            "AWS_REGION": "eu-central-1",
            "AWS_XRAY_DAEMON_ADDRESS": f"127.0.0.1:{self._udp.port}",
            "DSN": f"http://key@127.0.0.1:{port}/1",
            "LAMBDA_TASK_ROOT": str(self._folder),
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
            "PYTHONPATH": os.pathsep.join([str(self._folder), str(ROOT / "src"), str(ROOT)]),
            "_HANDLER": self.tool.handler,
            **self.tool.variables,
        }

    def answer(self, path: str) -> tuple[str, bytes, Sent]:
        """The answer to a request: its content type and body, and what had been sent when the function was frozen."""
        self._count += 1
        if self._count == 1:
            self.api.wait_until_frozen()
            self._sent()  # what init has sent is not the invocation's
        request_id = f"id-{self._count}"
        self.api.invoke(event(path, self.is_url), request_id, Lambda_Runtime_Trace_Id=TRACE)
        post = self.api.post()
        body = post.body
        self.log_at_answer = self.log
        self.api.wait_until_frozen()
        return post.headers["content-type"], body, self._sent()

    @property
    def log(self) -> str:
        """What the function has written."""
        # Lambda's own runtime ends no record of the log by a newline: in Lambda, each is framed.
        text = (self._folder / "log").read_text("utf-8")
        return text.replace("division by zero{", "division by zero\n{").replace(
            "division by zerokept", "division by zero\nkept"
        )

    def close(self) -> None:
        self.api.close()
        try:
            self.process.wait(10)
        finally:
            self.process.kill()
            self._http.close()
            self._udp.close()

    def _sent(self) -> Sent:
        http, udp, log = self._seen
        everything = Sent([*self._http.taken], [*self._udp.taken], self.log)
        self._seen = [len(everything.http), len(everything.udp), len(everything.log)]
        return Sent(everything.http[http:], everything.udp[udp:], everything.log[log:])


def cell(tool: Tool, runtime: str, interface: str, folder: Path) -> str:
    """What the table says of a tool under a runtime: "yes", or what does not hold.

    What cannot work is tried too: the function's log has to say why.
    """
    observed = Observed(tool, runtime, interface, folder)
    if interface not in tool.interfaces:
        return _said(observed, "/ok", "what was called here takes two arguments: it is a WSGI app, perhaps", "–")
    if runtime.endswith("streamed") and not tool.streams:
        return _said(observed, None, "keeps results, and a stream leaves none that could be kept", "refused")
    wrong = []
    try:
        for number, path in enumerate(("/ok", "/boom", "/stream"), start=1):
            content_type, body, sent = observed.answer(path)
            reports = tool.reports(sent)
            if not reports:
                wrong.append(f"{path}: nothing before the freeze")
            if tool.has_ids and f"id-{number}" not in [report.request_id for report in reports]:
                wrong.append(f"{path}: no request id")
            errors = sum(report.is_error for report in reports)
            if tool.sees_errors and errors != (path == "/boom"):
                wrong.append(f"{path}: {errors} errors")
            if (content_type == STREAM) is not runtime.endswith("streamed"):
                wrong.append(f"{path}: answered as {content_type}")
            if path == "/stream" and not (body.endswith(b"\0abc") if content_type == STREAM else b'"abc"' in body):
                wrong.append(f"{path}: {body[-20:]!r}")
    finally:
        observed.close()
    return "; ".join(wrong) or "yes"


def _said(observed: Observed, path: str | None, text: str, word: str) -> str:
    """What the table says of what cannot work.

    Args:
        observed: the function.
        path: of the request that fails; None: it does not start.
        text: what the log has to say.
        word: what the table says, if it does.
    """
    try:
        if path is None:
            posted = observed.api.post().path
            ended = posted.endswith("/init/error")
        else:
            observed.answer(path)
            ended = "answered 500" in observed.log
    finally:
        observed.close()
    return word if ended and text in observed.log else f"not a word of why: {observed.log}"
