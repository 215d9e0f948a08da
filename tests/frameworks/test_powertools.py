"""AWS Lambda Powertools around a Bridge, and inside of the app: the real package."""

import json
from typing import Any

import pytest
from aws_lambda_powertools import Logger, Tracer
from aws_lambda_powertools.utilities.data_classes import (
    ALBEvent,
    APIGatewayProxyEvent,
    APIGatewayProxyEventV2,
    LambdaFunctionUrlEvent,
    event_source,
)
from fastapi import FastAPI, Request
from flask import Flask, request as flask_request

from bridge import Bridge
from bridge.gateway import LambdaContext

from ..samples import sample

pytestmark = pytest.mark.usefixtures("own_loggers")

EVENTS = {
    "rest_cognito": APIGatewayProxyEvent,
    "http_api_jwt": APIGatewayProxyEventV2,
    "function_url_iam": LambdaFunctionUrlEvent,
    "alb": ALBEvent,
}


def fastapi() -> FastAPI:
    app = FastAPI()

    @app.get("/{path:path}")
    def path(request: Request) -> dict[str, str]:
        return {"path": request.url.path}

    return app


@pytest.mark.parametrize("name", EVENTS)
def test_event_classes_may_stand_for_the_event(name: str) -> None:
    bridge = Bridge(fastapi())

    @event_source(data_class=EVENTS[name])
    def handler(event: Any, context: Any) -> Any:
        return bridge(event, context)

    context: Any = LambdaContext("the-request", 3)
    result, plain = handler(sample(name), context), bridge(sample(name))
    assert result == plain
    assert result["statusCode"] == 200


def test_an_app_reads_the_event_by_powertools_classes() -> None:
    app = Flask("app")

    @app.get("/<path:path>")
    def me(path: str) -> dict[str, Any]:
        context = APIGatewayProxyEventV2(flask_request.environ["aws.event"]).request_context
        assert context.authorizer is not None
        return {"claims": context.authorizer.jwt_claim, "ip": context.http.source_ip}

    body = json.loads(Bridge(app)(sample("http_api_jwt"))["body"])
    assert body["claims"]["email"] == "ada@example.com"
    assert body["ip"] == "203.0.113.7"


def test_the_logger_works_around_the_handler_and_inside_the_app(capsys: pytest.CaptureFixture[str]) -> None:
    logger = Logger(service="test")
    app = FastAPI()

    @app.get("/{path:path}")
    def hello() -> str:
        logger.info("in the app")
        return "hello"

    handler = logger.inject_lambda_context(Bridge(app), log_event=False)
    assert handler(sample("http_api"), LambdaContext("the-request", 3))["statusCode"] == 200
    line = json.loads(capsys.readouterr().out)
    assert (line["message"], line["function_request_id"]) == ("in the app", "the-request")


def test_the_tracer_works_around_the_handler_and_inside_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    # Off, as it is outside of Lambda: what is tested is that its decorators take a Bridge for a handler.
    monkeypatch.setenv("POWERTOOLS_TRACE_DISABLED", "true")
    tracer = Tracer(service="test")
    app = FastAPI()

    @app.get("/{path:path}")
    @tracer.capture_method
    def hello() -> str:
        return "hello"

    handler = tracer.capture_lambda_handler(Bridge(app))
    assert handler(sample("http_api"), LambdaContext("the-request", 3))["body"] == '"hello"'
