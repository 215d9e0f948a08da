"""A template's functions, running, and what may call them."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING

from .._function import LocalFunction, UninvokedError
from .._permission import INVOKE, allows
from .environments import AT_ONCE, Environments, launch
from .model import API_GATEWAY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ...types import Event
    from .model import GrantedPermission, Stack

log = logging.getLogger("bridge.gateway")


class UnservedError(UninvokedError):
    """A function that cannot run here; the text says why."""


class ThrottledError(UninvokedError):
    """A function that handles as many events as the template reserves for it."""


class Deployment:
    """What a template deploys, running on this machine.

    Args:
        stack: what the template says.
        given: variables for all functions, and for some by their logical ids: they replace the template's.
        python: an interpreter for the functions; "" for this one.
        explain: whether each request's way is logged.

    Attributes:
        stack: the same.
        urls: of what is served here, once it is known: see `environments.launch`.
        functions: what runs, by logical id.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        given: Mapping[str, Mapping[str, str]] | None = None,
        python: str = "",
        explain: bool = False,
    ) -> None:
        self.stack = stack
        self.explain = explain
        self.urls: dict[str, str] = {}
        self.functions: dict[str, LocalFunction] = {}
        self.environments: dict[str, Environments] = {}
        self._given = given or {}
        self._python = python
        self._running: dict[str, int] = {}

    def start(self, *, eager: bool = True) -> None:
        """Start the functions.

        Args:
            eager: whether each gets a process at once, which gets ready while the first requests come; else with its
                first event.
        """
        for logical_id, function in self.stack.functions.items():
            if function.unserved:
                continue
            given = {**self._given.get("", {}), **self._given.get(logical_id, {})}
            started = launch(
                function, region=self.stack.account.region, given=given, urls=self.urls, python=self._python
            )
            environments = self.environments[logical_id] = Environments(function, started)
            reserved = function.concurrency
            self.functions[logical_id] = LocalFunction(
                environments,
                timeout=function.timeout,
                concurrency=AT_ONCE if reserved is None else max(reserved, 1),
                name=logical_id,
            )
            if eager:
                environments.start()

    def variables(self) -> list[Mapping[str, str]]:
        """Return the environments of all functions."""
        return [each.variables for each in self.environments.values()]

    async def close(self) -> None:
        """End the functions, once they have handled their events."""
        await asyncio.gather(*(function.close() for function in self.functions.values()))

    def changed(self, folders: set[Path]) -> list[str]:
        """Renew the functions whose code is in one of these folders. Return their logical ids."""
        renewed = []
        for logical_id, environments in self.environments.items():
            function = self.stack.functions[logical_id]
            if folders & {function.code, *function.layers}:
                environments.renew()
                renewed.append(logical_id)
        return renewed

    async def invoke(self, logical_id: str, event: Event, request_id: str, seconds: float) -> bytes:
        """Return a function's result, as JSON.

        Raises:
            UnservedError: it cannot run here.
            ThrottledError: it has no environment left.
            TimedOutError, Exception: as of `LocalFunction.invoke`.
        """
        function = self.stack.functions[logical_id]
        if function.unserved:
            raise UnservedError(f"{logical_id} is not run here: {function.unserved}")
        running = self._running.get(logical_id, 0)
        if function.concurrency is not None and running >= function.concurrency:
            raise ThrottledError(f"{logical_id} handles {running} events, and the template reserves no more for it")
        self._running[logical_id] = running + 1
        try:
            return await self.functions[logical_id].invoke_json(event, request_id, seconds)
        finally:
            self._running[logical_id] -= 1

    def streaming(self, logical_id: str) -> LocalFunction | None:
        """Return a function that can stream; None: it cannot run here, or has nothing reserved, as `invoke` says."""
        function = self.stack.functions[logical_id]
        return None if function.unserved or function.concurrency == 0 else self.functions[logical_id]

    def timeout(self, logical_id: str) -> float:
        """Return a function's own timeout, in seconds."""
        return self.stack.functions[logical_id].timeout

    def granted(
        self,
        function: str,
        *,
        source_arn: str | None = None,
        principal: str = API_GATEWAY,
        action: str = INVOKE,
        keys: Mapping[str, str] | None = None,
    ) -> GrantedPermission | None:
        """Return the statement of a function's policy that lets a caller in; None if there is none."""
        for permission in self.stack.permissions:
            if permission.function == function and allows(
                permission.statement,
                source_arn=source_arn,
                source_account=self.stack.account.account if source_arn else None,
                principal=principal,
                action=action,
                keys=keys,
            ):
                return permission
        return None

    def missing(self, function: str, api: str, source_arn: str, route: str) -> str:
        """Return what a log says of an API that may not call a function: which statement is missing, and its cure."""
        has = [each for each in self.stack.permissions if each.function == function]
        account = self.stack.account
        resource = source_arn.split(":", 5)[5]
        api_id, _, rest = resource.partition("/")
        options = f"--authorizer {rest.partition('/')[2]}" if rest.startswith("authorizers/") else f"--route '{route}'"
        lines = [
            f"{api} may not invoke {function}: no statement of the function's policy lets it in. Missing:",
            f"  {function}Permission:",
            "    Type: AWS::Lambda::Permission",
            "    Properties:",
            f"      Action: {INVOKE}",
            f"      FunctionName: !Ref {function}",
            f"      Principal: {API_GATEWAY}",
            f"      SourceArn: !Sub arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:${{AWS::AccountId}}"
            f":${{{api}}}/{_pattern(rest)}",
            f"  or, for what is deployed: python -m bridge policy --function {function} --account {account.account}"
            f" --region {account.region} --api-id {api_id} {options}",
        ]
        lines += [f"  {each.name} does not: {json.dumps(each.properties, default=str)}" for each in has]
        return "\n".join(lines)


def _pattern(rest: str) -> str:
    """Return stage, method and path of a source ARN as a permission has them: any stage, any variable."""
    stage, _, place = rest.partition("/")
    if stage == "authorizers":
        return rest
    parts = ["*" if part.startswith("{") else part for part in place.split("/")]
    return "/".join(["*", *("*" if number == 0 and part == "ANY" else part for number, part in enumerate(parts))])
