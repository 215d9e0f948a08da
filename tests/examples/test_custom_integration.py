"""The example, and its template: API Gateway's side of it is done here by what the template says."""

import copy
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from awslambdaric import bootstrap

from bridge import Bridge
from bridge.sources import _templates as templates
from examples.custom_integration import app as example

from ..samples import named
from ..sources import test_templates
from ..sources.test_custom import Runtime

FOLDER = Path(example.__file__).parent
HOST = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
CONTEXT = {
    "$context.apiId": "a1b2c3d4e5",
    "$context.authorizer.principalId": "user-7",
    "$context.httpMethod": "POST",
    "$context.requestId": "e5849002-39a0-11e7-a419-5bb5807c9fb2",
    "$context.resourcePath": "/orders",
    "$context.identity.sourceIp": "203.0.113.7",
    "$context.stage": "prod",
    "$context.identity.user": "",
    "$context.identity.userAgent": "probe/1.0",
}


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, which are left out."""


Loader.add_multi_constructor("!", lambda loader, tag, node: loader.construct_scalar(node))
TEMPLATE = yaml.load((FOLDER / "template.yaml").read_text(encoding="utf-8"), Loader)
PATHS = TEMPLATE["Resources"]["Api"]["Properties"]["DefinitionBody"]["paths"]
OPERATIONS = {path: method for path, methods in PATHS.items() for method in methods.values()}
INTEGRATIONS = {path: operation["x-amazon-apigateway-integration"] for path, operation in OPERATIONS.items()}
VTL = INTEGRATIONS["/orders"]["requestTemplates"]["application/json"]


@pytest.fixture(autouse=True)
def _no_orders() -> Iterator[None]:
    example.orders.clear()
    yield
    example.orders.clear()


def event(method: str, resource: str, *, body: object = None, path: dict[str, str] | None = None) -> dict[str, Any]:
    """What the request template makes of a request: its own keys, with the values of its own variables."""
    variables = {**CONTEXT, "$context.httpMethod": method, "$context.resourcePath": resource}
    _, _, rest = VTL.partition('"context" : {')
    context = {
        key: variables[re.sub(r'^\$util\.escapeJavaScript\((.+?)\)\.replaceAll\("\\\\\'", "\'"\)$', r"\1", value)]
        for key, value in re.findall(r'^"([\w-]+)" : "(.+)",?$', rest.replace('",\n', '"\n'), re.MULTILINE)
    }
    assert len(context) == len(CONTEXT)
    (body_key,) = re.findall(r'"([\w-]+)" : \$input\.json', VTL)
    (params_key,) = re.findall(r'^"([\w-]+)" : \{\n#foreach\(\$type in', VTL, re.MULTILINE)
    header = {"Host": HOST, "Content-Type": "application/json"}
    return {
        body_key: {} if body is None else body,
        params_key: {"path": path or {}, "querystring": {}, "header": header},
        "stage-variables": {},
        "context": context,
    }


def client_gets(request: dict[str, Any], handler: Bridge = example.handler) -> tuple[int, dict[str, str], str]:
    """Status, headers and body that the integration responses make of what the function gives Lambda."""
    responses = INTEGRATIONS[request["context"]["resource-path"]]["responses"]
    runtime = Runtime()
    arguments = (handler, "e5849002", json.dumps(request), "application/json", None, None, "arn:aws:lambda", 0, None)
    bootstrap.handle_event_request(runtime, *arguments, bootstrap.StandardLogSink())
    payload = json.loads(runtime.posted[0])
    message = payload.get("errorMessage", "") if isinstance(payload, dict) else ""
    matching = [pattern for pattern in responses if pattern != "default" and re.fullmatch(pattern, message)]
    assert len(matching) <= 1  # or the order would count, of which nothing is said
    response = responses[matching[0] if matching else "default"]
    headers = {
        name.removeprefix("method.response.header."): _at(payload, source.removeprefix("integration.response.body."))
        for name, source in response.get("responseParameters", {}).items()
    }
    assert response["statusCode"] in OPERATIONS[request["context"]["resource-path"]]["responses"]
    return int(response["statusCode"]), headers, _rendered(response.get("responseTemplates"), payload)


def _at(payload: Any, path: str) -> str:
    """API Gateway reads errorMessage as JSON, where a parameter mapping goes on below it."""
    for key in path.split("."):
        payload = (json.loads(payload) if isinstance(payload, str) else payload)[key]
    assert isinstance(payload, str)
    return payload


def _rendered(of: dict[str, str] | None, payload: Any) -> str:
    if of is None:
        return json.dumps(payload)
    template = of["application/json"]
    if "#set" not in template:
        return template
    assert template == "#set($error = $util.parseJson($input.path('$.errorMessage')))\n$error.body"
    body: str = json.loads(payload["errorMessage"])["body"]
    return body


def test_an_order_is_taken_and_shown() -> None:
    status, _, body = client_gets(event("POST", "/orders", body={"item": "tea", "count": 2}))
    assert (status, json.loads(body)) == (200, {"number": 1, "item": "tea", "count": 2})
    status, _, body = client_gets(event("GET", "/orders/{number}", path={"number": "1"}))
    assert (status, json.loads(body)) == (200, {"number": 1, "item": "tea", "count": 2})


def test_an_order_that_is_not_there_is_a_404() -> None:
    status, _, body = client_gets(event("GET", "/orders/{number}", path={"number": "7"}))
    assert (status, json.loads(body)) == (404, {"detail": "there is no order 7"})


@pytest.mark.parametrize("body", [{"item": "tea", "count": 0}, {"count": 2}, [], "text", None])
def test_an_order_that_is_not_valid_is_a_400(body: object) -> None:
    status, _, text = client_gets(event("POST", "/orders", body=body))
    assert status == 400
    assert list(json.loads(text)) == ["message"]


def test_a_redirect_has_its_location_with_the_stage() -> None:
    client_gets(event("POST", "/orders", body={"item": "tea"}))
    status, headers, body = client_gets(event("GET", "/orders/{number}", path={"number": "latest"}))
    assert (status, headers, body) == (307, {"Location": f"https://{HOST}/prod/orders/1"}, "{}")


def test_an_app_that_fails_is_a_500_that_tells_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(example, "orders", None)
    status, _, body = client_gets(event("GET", "/orders/{number}", path={"number": "7"}))
    assert (status, json.loads(body)) == (500, {"message": "Internal Server Error"})
    assert "TypeError" in caplog.text


def test_a_status_that_has_no_response_of_its_own_is_a_500() -> None:
    # The API has no DELETE; a template that is wrong would come to this.
    assert client_gets(event("DELETE", "/orders/{number}", path={"number": "7"}))[0] == 500


@pytest.mark.parametrize(
    "message",
    [
        "2026-09-17T04:19:34.000Z e5849002 Task timed out after 28.00 seconds",
        "RequestId: e5849002 Error: Runtime exited with error: signal: killed\nRuntime.ExitError",
        "Unable to import module 'app': No module named 'fastapi'",
        '{"httpStatus":4040,"body":"{\\"httpStatus\\":404}"}',
    ],
)
def test_what_lambda_says_itself_is_a_500(message: str) -> None:
    for integration in INTEGRATIONS.values():
        patterns = [pattern for pattern in integration["responses"] if re.fullmatch(pattern, message)]
        assert [integration["responses"][pattern]["statusCode"] for pattern in patterns] == ["500"]


def test_success_matches_no_pattern() -> None:
    for integration in INTEGRATIONS.values():
        assert not [pattern for pattern in integration["responses"] if re.fullmatch(pattern, "")]


def test_every_integration_is_a_custom_one_and_never_passes_a_body_on() -> None:
    for integration in INTEGRATIONS.values():
        assert (integration["type"], integration["httpMethod"]) == ("aws", "POST")
        assert integration["passthroughBehavior"] == "never"
        assert integration["uri"].endswith("/functions/${App.Arn}/invocations")
        assert integration["requestTemplates"] == {"application/json": VTL}


def test_the_request_template_has_the_keys_that_the_source_reads() -> None:
    made = event("GET", "/orders/{number}", path={"number": "7"})
    assert templates.is_passthrough(made)
    full = test_templates.passthrough(method="GET", resource="/orders/{number}", path={"number": "7"})
    assert made["context"].keys() <= full["context"].keys()
    assert made.keys() == full.keys()
    full["params"] = made["params"]
    full["body-json"] = made["body-json"]
    assert named(templates.passthrough(made, "", "")) == named(templates.passthrough(full, "", ""))
    assert templates.request_id(made) == CONTEXT["$context.requestId"]


@pytest.mark.parametrize("key", ["http-method", "resource-path", "source-ip", "stage"])
def test_every_key_of_the_context_that_the_source_reads_counts(key: str) -> None:
    made = event("GET", "/orders/{number}", path={"number": "7"})
    without = copy.deepcopy(made)
    del without["context"][key]
    assert templates.passthrough(made, "", "/") != templates.passthrough(without, "", "/")


def test_the_request_template_escapes_all_that_a_client_can_write() -> None:
    lines = [line for line in VTL.splitlines() if not line.startswith("#")]
    bare = re.sub(r"""\$util\.escapeJavaScript\(.+?\)\.replaceAll\("\\\\'", "'"\)""", "", "\n".join(lines))
    assert set(re.findall(r"\$(?!foreach)[\w.]+", bare)) == {
        "$input.json",  # JSON already
        "$type",  # path, querystring, header
        "$key",  # of a stage variable
        "$context.apiId",
        "$context.httpMethod",
        "$context.requestId",
        "$context.resourcePath",
        "$context.identity.sourceIp",
        "$context.stage",
        "$context.identity.user",
    }


def test_the_folder_is_lambda_s_code_root() -> None:
    code = f"from app import handler; print(handler({event('POST', '/orders', body={'item': 'tea'})!r}, None))"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True
    )
    assert (finished.stdout, finished.stderr) == ("{'number': 1, 'item': 'tea', 'count': 1}\n", "")


def test_the_template_names_the_handler() -> None:
    assert TEMPLATE["Resources"]["App"]["Properties"]["Handler"] == "app.handler"
