"""An API of the template, as an ASGI app: HTTP and REST APIs, function URLs, and load balancers' listeners.

A request takes these steps: stage, limits, preflight, route, authorizer, key, integration; and its response the last.
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import Response

from .. import _signature as signature, _watch as watch
from .._apis import api as api_of
from .._gateway import oversized, received
from .._outward import plain
from . import cors, gateway_responses, routing
from .answering import answer
from .api_model import Stage
from .authorizing import DeniedError, LambdaAuthorizer
from .exchange import ApiExchange
from .integrating import Integrations
from .load_balancers import rule
from .streamed import StreamedResponse
from .throttling import Throttle
from .tokens import TokenAuthorizer

if TYPE_CHECKING:
    from ...sources._client_request import ClientRequest
    from ...types import Receive, Scope, Send
    from .api_model import ApiResource
    from .deployment import Deployment

log = logging.getLogger("bridge.gateway")

_DENIED = {
    "UNAUTHORIZED": (401, "Unauthorized"),
    "ACCESS_DENIED": (403, "Forbidden"),
    "THROTTLED": (429, "Too Many Requests"),
}


class HttpFront:
    """An API, ready for requests.

    Args:
        api: what the template says.
        deployment: what runs its functions.
        jwks: issuers' keys: see `tokens`.
    """

    def __init__(self, api: ApiResource, deployment: Deployment, jwks: dict[str, Any]) -> None:
        self.api = api
        self._deployment = deployment
        self._account = deployment.stack.account
        self._integrations = Integrations(api, deployment)
        self._throttle = Throttle(api.limits)
        self._cors = api.cors and cors.here(api.cors, deployment.urls)
        self._limits = api_of("alb" if api.kind == "alb" else "url" if api.kind == "url" else _name(api))
        self._authorizers = {
            name: TokenAuthorizer(each, jwks) if each.kind in ("jwt", "cognito") else LambdaAuthorizer(each, deployment)
            for name, each in api.authorizers.items()
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve an ASGI connection of type "http"."""
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1000, "reason": "this API has no WebSockets"})
            return
        await answer(self.response, scope, receive, send)

    async def response(self, request: Request) -> Response:
        """Return the response to a request that has come by the API's own domain name."""
        api = self.api
        domain = self._account.url_domain(api.api_id) if api.kind == "url" else self._account.api_domain(api.api_id)
        call = await self._received(request, domain if api.kind != "alb" else "")
        first = call.raw_path.split("/")[1]
        stages = {stage.name: stage for stage in api.stages}
        if api.kind in ("url", "alb"):
            return await self._passed(self._exchange(request, call, Stage(name="$default"), call.raw_path))
        if first in stages:
            path = call.raw_path[len(first) + 1 :] or "/"
            return await self._passed(self._exchange(request, replace(call, stage=first), stages[first], path))
        if "$default" in stages and api.kind == "http":
            return await self._passed(self._exchange(request, call, stages["$default"], call.raw_path))
        log.warning("%s %s %s: the path is under no stage: /%s/", api.logical_id, call.method, call.raw_path,
                    "/, /".join(stages))  # fmt: skip
        if api.kind == "http":
            return plain(404, '{"message":"Not Found"}')
        return plain(403, '{"message":"Forbidden"}')

    async def mapped(self, request: Request, domain: str, base: str, stage: str) -> Response:
        """Return the response to a request that has come by a custom domain name.

        Args:
            request: the request.
            domain: the name.
            base: the base path that it is mapped by.
            stage: that the base path is mapped to.
        """
        call = await self._received(request, domain)
        path = call.raw_path[len(base) + 1 :] if base else call.raw_path
        found = next((each for each in self.api.stages if each.name == stage), None) or Stage(name=stage)
        if self.api.kind == "http":
            # The event's path has the stage's name in front, and no base path.
            named = "" if stage == "$default" else f"/{stage}"
            call = replace(call, raw_path=named + (path or "/"), stage=stage)
        exchange = self._exchange(request, call, found, path or "/")
        exchange.domain = domain
        return await self._passed(exchange)

    async def _received(self, request: Request, domain: str) -> ClientRequest:
        return await received(request, stage="$default", domain=lambda _: domain, limit=self._limits.request_limit)

    def _exchange(self, request: Request, call: ClientRequest, stage: Stage, path: str) -> ApiExchange:
        exchange = ApiExchange(request=request, call=call, account=self._account, api=self.api, stage=stage, path=path)
        exchange.step(f"stage {stage.name}, path {path}")
        return exchange

    async def _passed(self, exchange: ApiExchange) -> Response:
        """Return the response to a request that has reached a stage, and log it."""
        started = time.perf_counter()
        response = await self._answered(exchange)
        if self._cors is not None and "preflight" not in exchange.steps:
            cors.put_on(self._cors, exchange.call, response)
        milliseconds = (time.perf_counter() - started) * 1000
        if not isinstance(response, StreamedResponse):  # which logs its own line, at its end
            log.info("%s %s %.1f ms", exchange.what, response.status_code, milliseconds)
        if watch.watcher is not None:
            watch.watcher.routed(exchange.way())
        if self._deployment.explain:
            exchange.explain("streamed" if isinstance(response, StreamedResponse) else response.status_code)
        return response

    async def _answered(self, exchange: ApiExchange) -> Response:
        call, api = exchange.call, self.api
        refused = oversized(self._limits, call)
        if refused is not None:
            exchange.step("it is too large")
            return refused
        if self._cors is not None:
            preflight = cors.preflight(self._cors, call, 200 if api.kind == "url" else 204)
            if preflight is not None:
                exchange.step("preflight")
                return preflight
        if api.kind == "alb":
            exchange.route = rule(exchange)
        else:
            found = routing.match(api.routes, call.method, exchange.path, rest=api.kind == "rest")
            if found is None:
                exchange.step(f"no route: {'; '.join(_misses(api))}")
                return self._refused(exchange, "MISSING_AUTHENTICATION_TOKEN")
            exchange.route, exchange.variables, misses = found
            exchange.step(f"route {exchange.route.key} (line {exchange.route.line})")
            for miss in misses:
                exchange.step(f"  not {miss}")
        if not self._throttle.takes(exchange):
            exchange.step("the stage takes no more requests at this rate")
            return self._refused(exchange, "THROTTLED")
        try:
            await self._authorized(exchange)
        except DeniedError as denied:
            return self._denied(exchange, denied)
        return await self._integrations.response(exchange)

    async def _authorized(self, exchange: ApiExchange) -> None:
        route, api = exchange.taken(), self.api
        if route.authorizer == "AWS_IAM" or api.signed:
            self._signed(exchange)
        elif route.authorizer:
            authorizer = self._authorizers.get(route.authorizer)
            if authorizer is None:
                log.error("%s: 500: there is no authorizer %s", exchange.what, route.authorizer)
                raise DeniedError("AUTHORIZER_CONFIGURATION_ERROR")
            payload = api.authorizers[route.authorizer].payload
            event = self._integrations.event(exchange, payload if api.kind == "http" else "1.0")
            context = await authorizer.context(exchange, event)
            exchange.authorizer = _placed(exchange, authorizer, context)
        else:
            exchange.step("no authorizer")
        if route.api_key and api.kind == "rest":
            if exchange.call.header("x-api-key") not in api.keys:
                exchange.step("the request has no key that the API takes, in x-api-key")
                raise DeniedError("INVALID_API_KEY")
            why = self._throttle.refuses_key(exchange.call.header("x-api-key"))
            if why:
                exchange.step(f"the usage plan takes no more requests with this key: {why}")
                raise DeniedError(why)
            exchange.step("the key is one of the API's")

    def _signed(self, exchange: ApiExchange) -> None:
        """Look whether a request is signed. By whom, and whether rightly, is not known here."""
        service = "lambda" if self.api.kind == "url" else "execute-api"
        query = dict(exchange.call.query)
        if "X-Amz-Signature" not in query and signature.refusal(exchange.request, service) is not None:
            exchange.step(f"the request is not signed for {service}")
            raise DeniedError("MISSING_AUTHENTICATION_TOKEN" if self.api.kind == "rest" else "ACCESS_DENIED")
        exchange.step("the request is signed")
        if self.api.kind != "rest":
            iam = dict.fromkeys(("accessKey", "callerId", "cognitoIdentity", "principalOrgId", "userArn", "userId"))
            exchange.authorizer = {"iam": {**iam, "accountId": self._account.account}}

    def _denied(self, exchange: ApiExchange, denied: DeniedError) -> Response:
        if self.api.kind == "url":
            return plain(403, '{"Message":"Forbidden"}')
        response = self._refused(exchange, denied.kind, denied.message)
        if denied.challenge:
            response.headers["www-authenticate"] = denied.challenge
        return response

    def _refused(self, exchange: ApiExchange, kind: str, message: str | None = None) -> Response:
        if self.api.kind == "rest":
            changed, variables = self.api.gateway_responses, exchange.context()
            return gateway_responses.answer(changed, kind, exchange.call, variables, message=message)
        if kind == "MISSING_AUTHENTICATION_TOKEN":
            return plain(404, '{"message":"Not Found"}')
        status, text = _DENIED.get(kind, (500, "Internal Server Error"))
        return plain(status, f'{{"message":"{text}"}}')


def _placed(
    exchange: ApiExchange, authorizer: TokenAuthorizer | LambdaAuthorizer, context: dict[str, Any]
) -> dict[str, Any]:
    """Return what `requestContext.authorizer` is: by payload 2.0, the context stands under the authorizer's kind."""
    if exchange.api.kind != "http" or exchange.taken().integration.payload != "2.0":
        return context
    return {"jwt" if isinstance(authorizer, TokenAuthorizer) else "lambda": context}


def _misses(api: ApiResource) -> list[str]:
    return [f"{route.key} is not it" for route in api.routes]


def _name(api: ApiResource) -> Any:
    return "rest" if api.kind == "rest" else "http"
