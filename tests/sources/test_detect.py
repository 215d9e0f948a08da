from types import ModuleType
from typing import Any

import pytest

from bridge import Bridge, EventError, sources
from bridge.kinds import SENDERS, is_websocket
from bridge.sources import _edge as edge, detect

from ..apps import APPS, Interface
from ..samples import CUT, EVENTS, HTTP, OTHER, sample

INTERFACES: list[Interface] = ["asgi", "wsgi"]
handle = Bridge(APPS["wsgi"]())

KINDS = {
    "other_redshift": "aws:redshift",
    "other_connect_campaigns": "aws:connect-campaigns",
    "other_cloudformation_hook": "aws:cloudformation-hook",
    "other_athena": "aws:athena",
    "other_appsync_events_authorizer": "aws:appsync-authorizer",
    "other_appconfig": "aws:appconfig",
    "other_activemq": "aws:mq",
    "other_alexa_skill": "alexa:skill",
    "other_alexa_smart_home": "alexa:smart-home",
    "other_alexa_smart_home_2": "alexa:smart-home",
    "other_appsync": "aws:appsync",
    "other_appsync_amplify": "aws:appsync",
    "other_appsync_authorizer": "aws:appsync-authorizer",
    "other_appsync_batch": "aws:appsync",
    "other_appsync_events": "aws:appsync-events",
    "other_authorizer_1_0": "aws:authorizer",
    "other_authorizer_2_0": "aws:authorizer",
    "other_authorizer_token": "aws:authorizer",
    "other_authorizer_websocket": "aws:authorizer",
    "other_bedrock_agent": "aws:bedrock-agent",
    "other_bedrock_agent_function": "aws:bedrock-agent",
    "other_bedrock_agent_parser": "aws:bedrock-agent",
    "other_chime": "aws:chime",
    "other_client_vpn": "aws:client-vpn",
    "other_cloudformation": "aws:cloudformation",
    "other_cloudformation_macro": "aws:cloudformation-macro",
    "other_cloudwatch_alarm": "aws:cloudwatch-alarm",
    "other_cloudwatch_alarm_composite": "aws:cloudwatch-alarm",
    "other_cloudwatch_dashboard": "aws:cloudwatch-dashboard",
    "other_cloudwatch_logs": "aws:cloudwatch-logs",
    "other_codecommit": "aws:codecommit",
    "other_codedeploy": "aws:codedeploy",
    "other_codepipeline": "aws:codepipeline",
    "other_cognito": "aws:cognito",
    "other_cognito_sync": "aws:cognito-sync",
    "other_config": "aws:config",
    "other_connect": "aws:connect",
    "other_destination": "aws:lambda-destination",
    "other_destination_failure": "aws:lambda-destination",
    "other_documentdb": "aws:docdb",
    "other_dynamodb": "aws:dynamodb",
    "other_edge_origin_response": "aws:cloudfront",
    "other_edge_viewer_response": "aws:cloudfront",
    "other_eventbridge": "aws:schedule",
    "other_eventbridge_custom": "aws:eventbridge",
    "other_firehose": "aws:firehose",
    "other_firehose_console": "aws:firehose",
    "other_ground_truth": "aws:sagemaker-ground-truth",
    "other_ground_truth_labels": "aws:sagemaker-ground-truth",
    "other_iot_1_click": "aws:iot-1-click",
    "other_iot_authorizer": "aws:iot-authorizer",
    "other_iot_authorizer_first": "aws:iot-authorizer",
    "other_iot_button": "aws:iot-button",
    "other_iot_provisioning": "aws:iot-provisioning",
    "other_iot_registry": "aws:iot-registry",
    "other_iot_registry_group": "aws:iot-registry",
    "other_iot_registry_type": "aws:iot-registry",
    "other_kinesis": "aws:kinesis",
    "other_kinesis_analytics": "aws:kinesis-analytics",
    "other_lex": "aws:lex",
    "other_lex_1": "aws:lex",
    "other_msk": "aws:kafka",
    "other_pipe": "aws:sqs",
    "other_rabbitmq": "aws:rmq",
    "other_s3": "aws:s3",
    "other_s3_batch": "aws:s3-batch",
    "other_s3_object_lambda": "aws:s3-object-lambda",
    "other_scheduler": "aws:schedule",
    "other_secretsmanager": "aws:secretsmanager",
    "other_self_managed_kafka": "SelfManagedKafka",
    "other_ses": "aws:ses",
    "other_sns": "aws:sns",
    "other_sqs": "aws:sqs",
    "other_step_functions": "unknown",
    "other_transfer_authorizer": "aws:transfer-authorizer",
    "other_warm_up_plugin": "warm-up",
    "other_warm_up_warmer": "warm-up",
    "other_websocket_connect": "aws:websocket",
    "other_websocket_message": "aws:websocket",
    "other_workmail": "aws:workmail",
}


def module_of(event: dict[str, Any]) -> str:
    """The module of the source that reads an event: the source itself, or that of its class."""
    source = detect(event)
    name = source.__name__ if isinstance(source, ModuleType) else type(source).__module__
    return name.removeprefix("bridge.sources._")


def test_every_sample_is_either_a_request_or_something_else() -> None:
    assert sorted([*HTTP, *CUT, *OTHER]) == sorted(file.stem for file in EVENTS.glob("*.json"))
    assert sorted(KINDS) == OTHER


@pytest.mark.parametrize(("name", "module"), HTTP.items())
def test_a_request_is_known_by_its_keys(name: str, module: str) -> None:
    assert module_of(sample(name)) == module


@pytest.mark.parametrize("name", KINDS)
def test_any_other_event_is_refused_and_its_kind_named(name: str) -> None:
    with pytest.raises(EventError, match=f"of kind '{KINDS[name]}'"):
        handle(sample(name))


@pytest.mark.parametrize("name", [name for name in OTHER if isinstance(sample(name), dict)])
def test_the_refusal_says_what_is_accepted_what_to_do_and_which_keys_came(name: str) -> None:
    with pytest.raises(EventError) as refusal:
        handle(sample(name))
    assert all(title in str(refusal.value) for title in SENDERS.values())
    assert "on_event=" in str(refusal.value)
    assert str(refusal.value).endswith(f"Its keys: {', '.join(sample(name))}.")


@pytest.mark.parametrize("event", [None, "text", 7, ["list"], b"bytes", True])
def test_what_is_no_dict_is_refused(event: Any) -> None:
    with pytest.raises(EventError, match=f"as dicts; this event is a {type(event).__name__}, of kind"):
        handle(event)


def test_an_empty_event_is_refused() -> None:
    with pytest.raises(EventError, match="Its keys: none"):
        handle({})


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("kind", [None, "RECONNECT", ["CONNECT"]])
def test_an_event_of_a_websocket_api_has_to_be_of_a_kind_that_is_known(kind: object, interface: Interface) -> None:
    event = sample("other_websocket_connect")
    event["requestContext"]["eventType"] = kind
    for one in (event, [event]):
        with pytest.raises(EventError, match="of kind 'aws:websocket'"):
            Bridge(APPS[interface]())(one)  # type: ignore[arg-type]


@pytest.mark.parametrize("records", [[], [7], "text", {"topic-0": []}, [{}]])
def test_records_of_any_shape_are_refused(records: object) -> None:
    with pytest.raises(EventError, match="Its keys: Records"):
        handle({"Records": records})


@pytest.mark.parametrize("context", [None, {}, "text", [], 7])
def test_a_request_context_of_any_shape_is_refused_if_nothing_else_is_there(context: object) -> None:
    with pytest.raises(EventError, match="Its keys: requestContext"):
        handle({"requestContext": context})


@pytest.mark.parametrize("kind", ["connect", "message"])
def test_an_event_of_a_websocket_api_is_none_of_a_rest_api_even_with_all_its_keys(kind: str) -> None:
    rest, event = sample("rest"), sample(f"other_websocket_{kind}")
    context = {**rest["requestContext"], **event["requestContext"]}
    merged = {**rest, **event, "requestContext": context}
    assert detect(merged) is None
    assert is_websocket(merged)


@pytest.mark.parametrize("arn", ["methodArn", "routeArn"])
def test_an_authorizer_is_asked_with_either_arn_beside_a_context_of_either_api(arn: str) -> None:
    event = {**sample("http_api"), "type": "REQUEST", arn: "arn:aws:execute-api:eu-central-1:111122223333:a/prod/GET/"}
    with pytest.raises(EventError, match="of kind 'aws:authorizer'"):
        handle(event)


@pytest.mark.parametrize("key", ["type", "methodArn", "routeArn"])
def test_a_request_of_an_http_api_may_have_one_key_of_an_authorizers(key: str) -> None:
    event = {**sample("http_api"), key: "REQUEST"}
    assert module_of(event) == "v2"


@pytest.mark.parametrize("name", ["rest", "rest_console_test"])
@pytest.mark.parametrize("drop", [True, False])
def test_a_rest_request_may_lack_its_context(name: str, drop: bool) -> None:
    event = sample(name)
    event["requestContext"] = None
    if drop:
        del event["requestContext"]
    assert module_of(event) == "v1"


def test_a_rest_request_behind_a_base_path_mapping_may_have_a_raw_path() -> None:
    event = {**sample("rest_custom_domain"), "rawPath": "/shop/items/7"}
    assert module_of(event) == "v1"


@pytest.mark.parametrize("version", ["1.0", "2.0", "0", None])
@pytest.mark.parametrize("name", ["rest", "alb", "alb_multi", "lattice_1", "lattice_2"])
def test_the_version_decides_nothing(name: str, version: str | None) -> None:
    assert module_of({**sample(name), "version": version}) == HTTP[name]


@pytest.mark.parametrize("key", ["serviceArn", "serviceNetworkArn"])
def test_a_lattice_request_is_known_by_either_of_its_arns(key: str) -> None:
    event = sample("lattice_2")
    assert module_of({**event, "requestContext": {key: event["requestContext"][key]}}) == "lattice"


@pytest.mark.parametrize(
    ("name", "trigger"),
    [
        ("edge_viewer", edge.VIEWER_REQUEST),
        ("edge_truncated", edge.VIEWER_REQUEST),
        ("edge_origin", edge.ORIGIN_REQUEST),
    ],
)
def test_a_request_at_the_edge_is_of_its_trigger(name: str, trigger: edge.Trigger) -> None:
    assert detect(sample(name)) is trigger


@pytest.mark.parametrize("config", [None, {}, {"eventType": None}, {"eventType": "viewer-request"}, "absent"])
def test_a_request_at_the_edge_that_does_not_say_where_has_the_stricter_limits(config: Any) -> None:
    event = sample("edge_origin")
    event["Records"][0]["cf"]["config"] = config
    if config == "absent":
        del event["Records"][0]["cf"]["config"]
    assert detect(event) is edge.VIEWER_REQUEST


@pytest.mark.parametrize("name", ["other_edge_origin_response", "other_edge_viewer_response"])
@pytest.mark.parametrize(("part", "key"), [("cf", "response"), ("config", "eventType")])
def test_either_sign_of_a_response_at_the_edge_is_enough(name: str, part: str, key: str) -> None:
    event = sample(name)
    cf = event["Records"][0]["cf"]
    del (cf if part == "cf" else cf["config"])[key]
    with pytest.raises(EventError, match="where no response is there already: associate the function with viewer"):
        handle(event)


@pytest.mark.parametrize("cf", [None, {}, [], {"request": None}, {"config": {"eventType": "viewer-request"}}])
def test_an_event_of_the_edge_without_a_request_is_refused(cf: object) -> None:
    with pytest.raises(
        EventError, match=r"of kind 'aws:cloudfront'.*At the Edge, Bridge answers where no response is there"
    ):
        handle({"Records": [{"cf": cf}]})


@pytest.mark.parametrize("name", ["http_api", "function_url"])
@pytest.mark.parametrize(("version", "module"), [("2.0", "v2"), (None, "v2"), ("absent", "v2")])
def test_payload_2_0_says_so_or_says_nothing(name: str, version: str | None, module: str) -> None:
    event = {**sample(name), "version": version}
    if version == "absent":
        del event["version"]
    assert module_of(event) == module


FUNCTION_COMPUTE: dict[str, Any] = {
    "version": "v1",
    "rawPath": "/hello",
    "body": "",
    "isBase64Encoded": False,
    "headers": {"Host": "h.cn-hangzhou.fcapp.run"},
    "queryParameters": {"tag": "a,b"},
    "requestContext": {
        "accountId": "1234567890",
        "domainName": "h.cn-hangzhou.fcapp.run",
        "http": {"method": "GET", "path": "/hello", "protocol": "HTTP/1.1", "sourceIp": "203.0.113.7"},
    },
}
"""https://www.alibabacloud.com/help/en/functioncompute/fc/http-trigger-invoking-function"""

FOREIGN: list[Any] = [
    FUNCTION_COMPUTE,
    # API gateways of Alibaba, Tencent and Yandex.
    {"path": "/hello", "httpMethod": "GET", "headers": {"a": "b"}, "queryParameters": {"tag": "a"}, "body": ""},
    {
        "httpMethod": "GET",
        "path": "/hello",
        "headers": {},
        "queryString": {"tag": "a"},
        "queryStringParameters": {},
        "requestContext": {"serviceId": "service-1", "stage": "release"},
    },
    {"httpMethod": "GET", "url": "/hello", "path": "/{proxy+}", "pathParams": {}, "headers": {}, "requestContext": {}},
    {"requestContext": "text with http in it"},
    {"requestContext": "https://example.com", "version": "2.0", "rawPath": "/"},
    {"requestContext": ["http"]},
    {"requestContext": ["elb"], "httpMethod": "GET", "path": "/"},
    {"requestContext": "elbow"},
    {"requestContext": {"elb": "elbow"}, "httpMethod": "GET", "path": "/"},
    {"requestContext": {"elb": {"targetGroupArn": "arn"}}},
    {"requestContext": {"http": None}},
    {"requestContext": {"http": "GET /"}, "version": "2.0", "rawPath": "/"},
    {"requestContext": {"http": {}}, "version": "2.0"},
    {"requestContext": "text", "resource": "/", "httpMethod": "GET", "path": "/"},
    {"requestContext": ["connectionId"], "resource": "/", "httpMethod": "GET", "path": "/"},
    {"requestContext": {}, "resource": "/", "httpMethod": 7, "path": {}},
    {"httpMethod": "GET", "path": "/", "headers": "text"},
    {"httpMethod": "GET", "path": "/"},
    {"path": "/", "headers": {}},
    {"httpMethod": "GET", "headers": {}},
    {"requestContext": {"elb": {}}, "path": "/"},
    {"requestContext": {"elb": {}}, "httpMethod": "GET"},
    {"raw_path": 1, "method": 2},
    {"raw_path": "/"},
    {"method": "GET"},
    {"Records": [{"cf": {"config": {}, "request": "x"}}]},
]


@pytest.mark.parametrize("interface", INTERFACES)
@pytest.mark.parametrize("event", FOREIGN)
def test_an_event_of_somebody_else_goes_to_on_event(event: Any, interface: Interface) -> None:
    app = APPS[interface]()
    result: Any = Bridge(app, on_event=lambda event, context: ["seen", event])(event)
    assert result == ["seen", event]
    assert app.seen == []


@pytest.mark.parametrize("version", [{}, {"version": "1.0"}])
@pytest.mark.parametrize("headers", ["headers", "multiValueHeaders"])
def test_a_hand_made_event_without_a_context_is_payload_1_0(version: dict[str, str], headers: str) -> None:
    # As the test suites of apig-wsgi and middy have them.
    value: Any = "a" if headers == "headers" else ["a"]
    event = {**version, "httpMethod": "GET", "path": "/x", headers: {"x-a": value}}
    app = APPS["wsgi"]()
    result = Bridge(app)(event)
    assert "multiValueHeaders" in result
    assert (app.seen[0].method, app.seen[0].path, app.seen[0].header("x-a")) == ("GET", "/x", "a")


@pytest.mark.parametrize(
    ("event", "module"),
    [
        ({"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/"}, "alb"),
        ({"requestContext": {"http": {"method": "GET"}}}, "v2"),
        ({"requestContext": {"http": {}}, "rawPath": "/"}, "v2"),
        ({"raw_path": "/", "method": "GET"}, "lattice"),
    ],
)
def test_a_hand_made_event_is_known_by_the_least_that_tells_it(event: dict[str, Any], module: str) -> None:
    assert module_of(event) == module


@pytest.mark.parametrize(
    ("name", "changes", "module"),
    [
        ("alb", {"path": None}, "alb"),
        ("rest", {"httpMethod": None}, "v1"),
        ("http_api", {"rawPath": None, "method": 7}, "v2"),
    ],
)
def test_an_event_that_has_all_keys_is_known_whatever_is_wrong_with_a_value(
    name: str, changes: dict[str, Any], module: str
) -> None:
    event = sample(name)
    if "method" in changes:
        event["requestContext"]["http"]["method"] = changes["method"]
    assert module_of({**event, **changes}) == module


def test_a_hand_made_event_of_payload_1_0_may_have_a_context_of_2_0_beside() -> None:
    event = {**sample("http_api_1_0")}
    event["requestContext"]["http"] = {"method": "GET", "path": "/x"}
    assert module_of(event) == "v1"


@pytest.mark.parametrize("name", [name for name, module in HTTP.items() if module != "edge"])
def test_an_event_class_of_powertools_is_known_as_what_it_holds(name: str) -> None:
    from aws_lambda_powertools.utilities.data_classes.common import DictWrapper

    event = sample(name)
    wrapped: Any = DictWrapper(event)
    assert detect(wrapped) is detect(event)


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("alb", sample("alb")),
        ("alb", {"requestContext": {"elb": {}}, "httpMethod": "GET", "path": "/"}),
        ("v1", sample("rest")),
        ("v1", {"httpMethod": "GET", "path": "/", "headers": {}}),
    ],
)
def test_a_format_is_loaded_by_its_first_event_and_not_looked_for_again(
    name: str, event: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, f"_loaded_{name}", None)
    found = detect(event)
    assert found is not None
    monkeypatch.delattr(sources, f"_load_{name}")
    assert detect(event) is found
