"""The kinds of event that Lambda functions get, by name: for those that no source takes.

Where AWS names the sender in the event (`eventSource`), that is the kind: "aws:sqs". The others have names of their own
here. What no rule knows is "unknown": input of Step Functions, a schedule with constant input, a direct invoke.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNKNOWN = "unknown"
WARM_UP = "warm-up"
EDGE = "aws:cloudfront"
WEBSOCKET = "aws:websocket"
SENDERS = {
    "http": "HTTP API (payload 1.0 and 2.0)",
    "rest": "REST API",
    "url": "function URL",
    "alb": "Application Load Balancer",
    "lattice": "VPC Lattice (V1 and V2)",
    "edge": "Lambda@Edge (viewer-request and origin-request)",
    "websocket": "WebSocket API",
}
"""Who sends HTTP requests: by the names of `Bridge(accepts=...)` and of the local gateway, what they are."""

RULES: tuple[tuple[str, str], ...] = (
    # The kind, and keys that all have to be there; "a>b" is a key in a key. The first rule that fits decides.
    ("aws:authorizer", "type methodArn"),
    ("aws:authorizer", "type routeArn"),
    (WEBSOCKET, "requestContext>connectionId"),
    ("aws:appsync-authorizer", "authorizationToken requestHeaders requestContext>apiId"),
    ("aws:lambda-destination", "requestContext>functionArn requestContext>condition"),
    ("aws:eventbridge", "detail-type source detail"),
    ("aws:cloudwatch-alarm", "alarmData>alarmName"),
    ("aws:cloudwatch-logs", "awslogs>data"),
    ("aws:cloudwatch-dashboard", "widgetContext"),
    ("aws:firehose", "invocationId region records"),
    ("aws:kinesis-analytics", "applicationArn records"),
    ("aws:cognito", "triggerSource userPoolId"),
    ("aws:cognito-sync", "datasetName identityPoolId"),
    ("aws:appsync-events", "info>channelNamespace"),
    ("aws:appsync", "info>fieldName"),
    ("aws:appsync", "fieldName arguments source request"),
    ("aws:bedrock-agent", "agent>alias messageVersion"),
    ("aws:lex", "bot invocationSource"),
    ("aws:connect", "Name Details>ContactData"),
    ("aws:connect-campaigns", "InvocationMetadata Items"),
    ("alexa:skill", "context>System request"),
    ("alexa:smart-home", "directive>header"),
    ("alexa:smart-home", "header>namespace header>payloadVersion payload"),
    ("aws:s3-batch", "invocationSchemaVersion tasks"),
    ("aws:s3-object-lambda", "xAmzRequestId userRequest"),
    ("aws:secretsmanager", "SecretId ClientRequestToken Step"),
    ("aws:config", "configRuleName invokingEvent"),
    ("aws:codepipeline", "CodePipeline.job"),
    ("aws:codedeploy", "DeploymentId LifecycleEventHookExecutionId"),
    ("aws:cloudformation", "RequestType StackId LogicalResourceId"),
    ("aws:cloudformation-macro", "transformId fragment"),
    ("aws:cloudformation-hook", "hookTypeName actionInvocationPoint requestData"),
    ("aws:redshift", "external_function arguments num_records"),
    ("aws:appconfig", "InvocationId Type Application>Id"),
    ("aws:athena", "@type identity>account"),
    ("aws:iot-authorizer", "protocolData protocols"),
    ("aws:iot-authorizer", "mqttContext tlsContext"),
    ("aws:iot-provisioning", "templateArn parameters"),
    ("aws:iot-registry", "eventType eventId operation accountId"),
    ("aws:iot-registry", "eventType eventId operation thingTypeName"),
    ("aws:iot-button", "serialNumber clickType"),
    ("aws:iot-1-click", "deviceEvent placementInfo"),
    ("aws:transfer-authorizer", "serverId username protocol"),
    ("aws:client-vpn", "connection-id endpoint-id"),
    ("aws:chime", "Sender Discussion"),
    ("aws:workmail", "summaryVersion envelope flowDirection"),
    ("aws:sagemaker-ground-truth", "version labelingJobArn"),
)
_RULES = tuple((kind, [path.split(">") for path in paths.split()]) for kind, paths in RULES)


def kind(event: Any) -> str:
    """Return the kind of a non-HTTP event: "aws:sqs", "aws:schedule", "alexa:skill", "warm-up", "unknown".

    Args:
        event: as Lambda gives it. EventBridge Pipes and AppSync batches send lists: their first item says the kind.
    """
    if isinstance(event, list) and event:
        event = event[0]
    if not isinstance(event, dict):
        return UNKNOWN
    if is_warm_up(event):
        return WARM_UP
    records = event.get("Records")
    if records and isinstance(records, list) and isinstance(records[0], dict):
        if "cf" in records[0]:
            return EDGE
        return _source(records[0].get("eventSource") or records[0].get("EventSource"))
    if "eventSource" in event:
        return _source(event["eventSource"])
    if event.get("detail-type") == "Scheduled Event":
        return "aws:schedule"
    for name, paths in _RULES:
        if all(_has(event, path) for path in paths):
            return name
    return UNKNOWN


def is_warm_up(event: Any) -> bool:
    """Return whether an event is a ping that only keeps the function warm, in the form that these tools send.

    `{"warmer": true}` (lambda-warmer, Bref) and `{"source": "serverless-plugin-warmup"}`, whatever keys are beside it.
    """
    return isinstance(event, dict) and (
        event.get("warmer") is True or event.get("source") == "serverless-plugin-warmup"
    )


_WEBSOCKET_EVENTS = (
    "CONNECT",
    "MESSAGE",
    "DISCONNECT",
    "AFTER_CONNECT",
)  # the last is Bridge's own: websocket/greeting.py


def is_websocket(event: Any) -> bool:
    """Return whether an event is of a WebSocket API. The route key does not tell: it may be any text."""
    if not isinstance(event, dict) or kind(event) != WEBSOCKET:
        return False
    return event["requestContext"].get("eventType") in _WEBSOCKET_EVENTS


def complaint(event: object) -> str:
    """Return what to say of an event that Bridge has no answer to. It names the keys that came."""
    *others, last = SENDERS.values()
    accepted = f"{', '.join(others)} and {last}"
    told = "Give Bridge what is to handle it: Bridge(app, on_event=...) or Bridge(app, events_path=...)."
    if is_websocket(event):
        told += " A WebSocket API takes an ASGI app, and this one is a WSGI app."
    if kind(event) == EDGE:
        # Of its four triggers, the two that come before there is a response have events that sources.edge takes.
        told += (
            " At the Edge, Bridge answers where no response is there already: "
            "associate the function with viewer-request or origin-request."
        )
    if not isinstance(event, dict):
        came = f"a {type(event).__name__}, of kind {kind(event)!r}"
        return f"Bridge takes requests of {accepted}, as dicts; this event is {came}. {told}"
    keys = ", ".join(map(str, event)) or "none"
    return f"Bridge takes requests of {accepted}; this event is of kind {kind(event)!r}. {told} Its keys: {keys}."


def is_known(event: object) -> bool:
    """Return whether an event that no source takes is of a kind that has a name here."""
    return kind(event) != UNKNOWN


def _has(event: Any, path: list[str]) -> bool:
    for key in path:
        if not isinstance(event, dict) or key not in event:
            return False
        event = event[key]
    return True


_SPELLINGS = {"aws:amq": "aws:mq", "aws:SelfManagedKafka": "SelfManagedKafka"}
"""Other words for a sender, in samples of AWS's own libraries, and the one that is the kind here."""


def _source(name: object) -> str:
    # A header carries the kind, so it has to be one word.
    if isinstance(name, str) and name in _SPELLINGS:
        return _SPELLINGS[name]
    if isinstance(name, str) and name.isascii() and name.isprintable() and name and " " not in name:
        return name
    return UNKNOWN
