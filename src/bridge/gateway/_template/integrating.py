"""What answers a route's request: a function, a mapping, or the API itself."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from .. import _source_arn as source_arns
from .._apis import api as api_of
from .._function import TimedOutError, to_json
from .._gateway import responded
from .._outward import plain
from .._permission import INVOKE, INVOKE_URL
from . import custom, gateway_responses, load_balancers, mock
from .deployment import ThrottledError, UnservedError
from .streamed import StreamedResponse

if TYPE_CHECKING:
    from .._apis import Api
    from .api_model import ApiResource
    from .deployment import Deployment
    from .exchange import ApiExchange

log = logging.getLogger("bridge.gateway")

_FAILED = (b'{"message": "Internal server error"}', b'{"message": "Endpoint request timed out"}')
"""What a REST API says itself of an integration that has failed."""


class Integrations:
    """The integrations of an API.

    Args:
        api: what the template says.
        deployment: what runs its functions.
    """

    def __init__(self, api: ApiResource, deployment: Deployment) -> None:
        self._api = api
        self._deployment = deployment
        self._kinds: dict[tuple[str, bool], Api] = {}

    async def response(self, exchange: ApiExchange) -> Response:
        """Return the response of the route's integration."""
        integration = exchange.taken().integration
        if integration.kind == "fixed":
            return load_balancers.answer(exchange)
        if integration.kind == "mock":
            exchange.step("integration: mock")
            answer = mock.answer(integration, exchange.call, exchange.context())
            return answer or self.refused(exchange, "API_CONFIGURATION_ERROR")
        if integration.kind == "http":
            exchange.step(f"integration: {integration.settings.get('uri')}, which is not called here")
            return plain(501, json.dumps({"message": "this integration is not run here"}))
        exchange.step(f"integration: {integration.function}, {integration.kind}")
        if not self._permitted(exchange):
            return self._uninvoked(exchange)
        if integration.kind == "custom":
            return await self._custom(exchange)
        kind = self._kind(integration.payload, bool(integration.settings.get("multi_value")))
        event = self.event(exchange, integration.payload)
        if len(to_json(event)) > kind.event_limit:
            return plain(*kind.too_large)
        streaming = self._deployment.streaming(integration.function) if integration.streaming else None
        if streaming is not None:
            made = api_of("url", streaming=True) if self._api.kind == "url" else api_of("rest", streaming=True)
            return StreamedResponse(streaming, made, exchange.call, event, exchange.what)
        result = await self._result(exchange, event, kind)
        if isinstance(result, Response):
            return result
        return self._own(exchange, responded(kind, exchange.call, result))

    def event(self, exchange: ApiExchange, payload: str) -> dict[str, Any]:
        """Return the event that a function gets of a request, with what the route gives it."""
        api, route, call = self._api, exchange.taken(), exchange.call
        kind = self._kind(payload, bool(route.integration.settings.get("multi_value")))
        event: dict[str, Any] = kind.event(call)
        context = event["requestContext"]
        if api.kind == "alb":
            context["elb"]["targetGroupArn"] = route.integration.settings.get("group")
            return event
        context["accountId"] = context["accountId"] if api.kind == "url" else exchange.account.account
        context["apiId"] = api.api_id
        context["stage"] = exchange.stage.name
        if exchange.authorizer is not None:
            context["authorizer"] = exchange.authorizer
        if api.kind == "url":
            return event
        if payload == "2.0":
            event["routeKey"] = context["routeKey"] = route.key
            if exchange.variables:
                event["pathParameters"] = exchange.variables
            if exchange.stage.variables:
                event["stageVariables"] = exchange.stage.variables
            return event
        if not route.path.startswith("$"):
            event["resource"] = context["resourcePath"] = route.path
            event["pathParameters"] = exchange.variables or None
        event["stageVariables"] = exchange.stage.variables or None
        return event

    def refused(self, exchange: ApiExchange, kind: str) -> Response:
        """Return the API's own answer: a REST API's gateway response of a type."""
        changed = self._api.gateway_responses
        return gateway_responses.answer(changed, kind, exchange.call, exchange.context())

    def _kind(self, payload: str, multi_value: bool) -> Api:
        key = payload, multi_value
        if key not in self._kinds:
            kind = self._api.kind
            if kind == "rest":
                made = api_of("rest", binary_media_types=self._api.binary)
            elif kind == "alb":
                made = api_of("alb", multi_value=multi_value)
            else:
                made = api_of("url") if kind == "url" else api_of("http", payload=payload)
            self._kinds[key] = made
        return self._kinds[key]

    def _permitted(self, exchange: ApiExchange) -> bool:
        """Return whether the function's policy lets the API in, and log the statement."""
        api, route, deployment = self._api, exchange.taken(), self._deployment
        function = route.integration.function
        if api.kind == "alb" or route.integration.credentials:
            exchange.step("called with a role" if api.kind != "alb" else "its target group is registered")
            return True
        if api.kind == "url":
            return self._open(exchange, function)
        method = exchange.call.method if api.kind == "rest" and route.method == "ANY" else route.method
        key = route.path if route.path.startswith("$") else f"{method} {route.path}"
        resource = source_arns.resources(api.kind, api.api_id, exchange.stage.name, key)[0]
        arn = source_arns.execute_api(exchange.account.region, exchange.account.account, resource)
        granted = deployment.granted(function, source_arn=arn)
        if granted is None:
            log.error("%s: %s", exchange.what, deployment.missing(function, api.logical_id, arn, route.key))
            exchange.step(f"no statement lets {arn} in")
            return False
        exchange.step(f"permission {granted.name} (line {granted.line}) lets {arn} in")
        return True

    def _open(self, exchange: ApiExchange, function: str) -> bool:
        """Return whether a function URL is open to the caller: both actions have to be allowed."""
        auth = "AWS_IAM" if self._api.signed else "NONE"
        if self._api.signed:
            exchange.step("a signed caller in the same account needs no statement")
            return True
        asked = {INVOKE_URL: {"lambda:FunctionUrlAuthType": auth}, INVOKE: {"lambda:InvokedViaFunctionUrl": "true"}}
        for action, keys in asked.items():
            granted = self._deployment.granted(function, principal="*", action=action, keys=keys)
            if granted is None:
                exchange.step(f"no statement allows {action} to everyone")
                log.error(
                    "%s: 403: no statement of %s's policy allows %s to everyone. Missing: an AWS::Lambda::Permission"
                    " with Action: %s, FunctionName: !Ref %s, Principal: '*', %s. python -m bridge policy --function %s"
                    " --api url prints the commands",
                    exchange.what, function, action, action, function,
                    "FunctionUrlAuthType: NONE" if action == INVOKE_URL else "InvokedViaFunctionUrl: true", function,
                )  # fmt: skip
                return False
            exchange.step(f"permission {granted.name} (line {granted.line}) allows {action}")
        return True

    def _uninvoked(self, exchange: ApiExchange) -> Response:
        """Return the answer where Lambda has refused the API.

        https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html#services-apigateway-errors
        """
        if self._api.kind == "url":
            return plain(403, '{"Message":"Forbidden"}')
        if self._api.kind == "rest":
            return self.refused(exchange, "API_CONFIGURATION_ERROR")
        return plain(500, '{"message":"Internal Server Error"}')

    async def _result(self, exchange: ApiExchange, event: dict[str, Any], kind: Api) -> bytes | Response:
        """Return a function's result, or what the client is told instead."""
        integration = exchange.taken().integration
        seconds = min(integration.seconds or kind.seconds, kind.seconds)
        try:
            return await self._deployment.invoke(integration.function, event, exchange.call.request_id, seconds)
        except TimedOutError as error:
            log.error("%s: %s", exchange.what, error)
            exchange.step(str(error))
            timeout = self._deployment.timeout(integration.function)
            status, text = kind.timed_out if seconds < timeout else kind.failed
            return self._own(exchange, plain(status, text))
        except UnservedError as error:
            log.error("%s: 501: %s", exchange.what, error)
            return plain(501, json.dumps({"message": str(error)}))
        except ThrottledError as error:
            log.error("%s: %s", exchange.what, error)
            return plain(*kind.failed) if self._api.kind in ("url", "alb") else self._uninvoked(exchange)
        except Exception as error:
            log.error("%s: the function failed: %s", exchange.what, error)
            exchange.step("the function failed")
            return self._own(exchange, plain(*kind.failed))

    def _own(self, exchange: ApiExchange, response: Response) -> Response:
        """Return a REST API's gateway response in place of what says that its integration failed."""
        failures = {502: "INTEGRATION_FAILURE", 504: "INTEGRATION_TIMEOUT"}
        kind = failures.get(response.status_code)
        if kind is None or not self._api.gateway_responses or bytes(response.body) not in _FAILED:
            return response
        return self.refused(exchange, kind)

    async def _custom(self, exchange: ApiExchange) -> Response:
        """Return the response of a custom integration: mapped to the function and back."""
        event = custom.event(exchange, self.event(exchange, "1.0"))
        if event is custom.UNSUPPORTED:
            return self.refused(exchange, "UNSUPPORTED_MEDIA_TYPE")
        kind = self._kind("1.0", False)
        integration = exchange.taken().integration
        seconds = min(integration.seconds or kind.seconds, kind.seconds)
        try:
            result = await self._deployment.invoke(integration.function, event, exchange.call.request_id, seconds)
        except UnservedError as error:
            log.error("%s: 501: %s", exchange.what, error)
            return plain(501, json.dumps({"message": str(error)}))
        except ThrottledError as error:
            log.error("%s: %s", exchange.what, error)
            return self.refused(exchange, "API_CONFIGURATION_ERROR")
        except Exception as error:
            if isinstance(error, TimedOutError) and seconds < self._deployment.timeout(integration.function):
                log.error("%s: %s", exchange.what, error)
                return self.refused(exchange, "INTEGRATION_TIMEOUT")
            log.warning("%s: the function raised: %s", exchange.what, error)
            return custom.failed(exchange, error) or self.refused(exchange, "API_CONFIGURATION_ERROR")
        return custom.succeeded(exchange, json.loads(result)) or self.refused(exchange, "API_CONFIGURATION_ERROR")
