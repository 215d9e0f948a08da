"""A template that people deploy, served on this machine: its functions, APIs, authorizers and permissions."""

from __future__ import annotations

import logging
import shutil
import tempfile
import weakref
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import samconfig, variables
from .deployment import Deployment
from .environments import written
from .stack import Inputs, read
from .values import TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ...types import ASGIApp, Receive, Scope, Send
    from .model import Stack
    from .serving import Desk

__all__ = ["Served", "Template", "TemplateError"]

log = logging.getLogger("bridge.gateway")

NAMES = ("template.yaml", "template.yml", "template.json")
"""Files that are taken for a template where none is named."""


class Template:
    """An AWS SAM or CloudFormation template, in YAML or JSON, whose APIs and functions run on this machine.

    Args:
        path: the file.
        parameters: values of the template's parameters, beside their defaults.
        imports: what other stacks export, for `Fn::ImportValue`.
        environment: variables for all functions; they replace the template's.
        environment_file: the same from a file, as lines of NAME=value, or as JSON with variables by function.
        config_env: an environment of the `samconfig.toml` beside the template, "default" for instance, whose values of
            parameters, region and stack name count where nothing else is said; "": the file is not read.
        region: `AWS::Region`; "": the one of `config_env`, or us-east-1.
        python: an interpreter for the functions, of their own virtual environment; "" for this one.
        jwks: JSON Web Key Sets by issuer, for authorizers whose issuers do not answer here; "*" for every issuer.
        explain: whether each request's way through stage, route, authorizer, permission and integration is logged.

    Attributes:
        notes: what of the template is not served, or not as it would be, with the lines.
        outputs: the template's outputs, with the URLs that things have in AWS.

    Raises:
        TemplateError: the template cannot be read, or contradicts itself.
    """

    def __init__(
        self,
        path: str | Path = "template.yaml",
        *,
        parameters: Mapping[str, str] | None = None,
        imports: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        environment_file: str | Path | None = None,
        config_env: str = "",
        region: str = "",
        python: str = "",
        jwks: Mapping[str, Any] | None = None,
        explain: bool = False,
    ) -> None:
        self.path = Path(path)
        configured = samconfig.read(self.path, config_env) if config_env else samconfig.Configuration()
        inputs = Inputs(
            parameters=parameters or {},
            configured=configured.parameters,
            imports=imports or {},
            region=region or configured.region or "us-east-1",
            stack_name=configured.stack_name or "local",
        )
        self._stack = read(self.path, inputs)
        given = variables.read(Path(environment_file)) if environment_file else {}
        self._given = {**given, "": {**given.get("", {}), **(environment or {})}}
        self._python = python
        self._jwks = dict(jwks or {})
        self._explain = explain
        self._folder = ""
        self.notes = list(self._stack.notes)
        self.outputs = dict(self._stack.outputs)

    @contextmanager
    def serving(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[Served]:
        """Serve all APIs in a thread, for as long as the block lasts.

        Args:
            host: address to listen on.
            port: of the first API; each further one is on the next. 0: any that are free.

        Raises:
            ConfigurationError: nothing can listen there.
        """
        from .._server import serving

        desk = self.desk(host, port, eager=False)
        desk.prepare()
        with serving(desk.sockets, desk):
            yield Served(self._stack, desk)

    def app(self, name: str = "") -> ASGIApp:
        """Return one API as an ASGI app, for test clients without sockets. Its lifespan starts and ends the functions.

        Args:
            name: the API's logical id, a custom domain's name, or `FunctionUrl` with the function's in front; "" for
                the first.

        Raises:
            KeyError: there is no such API.
        """
        return _Alone(self, name)

    def desk(self, host: str, port: int, *, eager: bool) -> Desk:
        """Return sockets and apps of all that the template shows; its functions start now, or when they are needed."""
        from .serving import Desk

        return Desk(self.deployment(), host, port, self._jwks, eager=eager)

    def deployment(self) -> Deployment:
        """Return what runs the functions."""
        inline = [function for function in self._stack.functions.values() if function.inline]
        if inline and not self._folder:
            self._folder = tempfile.mkdtemp(prefix="bridge-")
            weakref.finalize(self, shutil.rmtree, self._folder, ignore_errors=True)
            for function in inline:
                written(function, self._folder)
        return Deployment(self._stack, given=self._given, python=self._python, explain=self._explain)


class Served(dict[str, str]):
    """URLs of what a template shows, by the APIs' logical ids and custom domains' names.

    Attributes:
        url: of the first.
        lambda_url: at which Lambda's Invoke is answered, for boto3.
    """

    def __init__(self, stack: Stack, desk: Desk) -> None:
        super().__init__()
        for name, url in desk.served.items():
            api = stack.apis.get(name)
            stage = api.stages[0].name if api is not None and api.stages else "$default"
            placed = url if stage == "$default" else f"{url}/{stage}"
            self[name] = placed.replace("http", "ws", 1) if api is not None and api.kind == "websocket" else placed
        self.url = next(iter(self.values()), "")
        self.lambda_url = desk.control
        self._sender = desk.sender

    async def send(self, name: str, *bodies: Any) -> list[dict[str, Any]]:
        """Send an event to a function, a queue, a topic and so on, as `bridge send` does. Return what became of it."""
        return await self._sender.send(name, list(bodies))


class _Alone:
    """One app of a template, whose lifespan is the functions'."""

    def __init__(self, template: Template, name: str) -> None:
        from .fronts import made

        self._template = template  # which takes its inline code with it, when nobody holds it any more
        self._deployment = template.deployment()
        fronts = made(self._deployment, template._jwks)
        self._app = fronts[name or next(iter(fronts))]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "lifespan":
            if not self._deployment.environments:
                self._deployment.start(eager=False)
            await self._app(scope, receive, send)
            return
        await receive()
        self._deployment.start(eager=False)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._deployment.close()
        await send({"type": "lifespan.shutdown.complete"})
