"""What else calls the template's functions: queues, topics, buckets, streams, rules and schedules.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-property-function-eventsource.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .model import EventResource
from .resources import section, text, texts, truth

if TYPE_CHECKING:
    from .resources import Resource, Resources

# By SAM's type of event: the kind, and the property that has its source.
_SAM = {
    "SQS": ("sqs", "Queue"),
    "SNS": ("sns", "Topic"),
    "S3": ("s3", "Bucket"),
    "DynamoDB": ("dynamodb", "Stream"),
    "Kinesis": ("kinesis", "Stream"),
    "Schedule": ("schedule", "Schedule"),
    "ScheduleV2": ("scheduler", "ScheduleExpression"),
    "EventBridgeRule": ("eventbridge", "Pattern"),
    "CloudWatchEvent": ("eventbridge", "Pattern"),
    "CloudWatchLogs": ("cloudwatch-logs", "LogGroupName"),
}


def read(resources: Resources) -> None:
    """Read SAM's events that are no routes, then CloudFormation's mappings, rules, schedules and subscriptions."""
    for resource in resources.of("AWS::Serverless::Function"):
        for name, given in section(resource.properties.get("Events")).items():
            event = section(given)
            kind, key = _SAM.get(str(event.get("Type")), ("", ""))
            line = getattr(given, "line", resource.line)
            if kind:
                properties = section(event.get("Properties"))
                _add(resources, f"{resource.logical_id}/{name}", resource.logical_id, kind, properties, key, line)
            elif event.get("Type") not in ("Api", "HttpApi"):
                said = f"{resource.logical_id}.{name} ({event.get('Type')}) is sent by nothing here"
                resources.stack.notes.add(line, said)
    for resource in resources.of("AWS::Lambda::EventSourceMapping"):
        _add_mapping(resources, resource)
    for resource in resources.of("AWS::Events::Rule"):
        for target in resource.properties.get("Targets") or ():
            kind = "schedule" if resource.properties.get("ScheduleExpression") else "eventbridge"
            _add_target(resources, resource, section(target).get("Arn"), kind, section(target).get("Input"))
    for resource in resources.of("AWS::Scheduler::Schedule"):
        target = section(resource.properties.get("Target"))
        _add_target(resources, resource, target.get("Arn"), "scheduler", target.get("Input"))
    for resource in resources.of("AWS::SNS::Subscription"):
        if resource.properties.get("Protocol") == "lambda":
            function = resources.function(resource.properties.get("Endpoint"))
            if function is not None:
                arn = text(resource.properties.get("TopicArn"))
                resources.stack.events.append(
                    EventResource(
                        name=resource.logical_id, function=function, kind="sns", source=arn, line=resource.line
                    )
                )
    _name_origins(resources)


def _name_origins(resources: Resources) -> None:
    """Note which resources of the template the sources are: their own names may be others than their logical ids."""
    arns = {arn: each.logical_id for each in resources.everything() if (arn := resources.arn(each.logical_id))}
    for event in resources.stack.events:
        event.origin = arns.get(event.source.partition("/stream/")[0], "")


def _add(
    resources: Resources, name: str, function: str, kind: str, properties: dict[str, Any], key: str, line: int
) -> None:
    made = EventResource(name=name, function=function, kind=kind, line=line)
    source = properties.get(key)
    if kind in ("schedule", "scheduler"):
        made.schedule = text(source)
        made.event = properties.get("Input")
        made.enabled = properties.get("State", "ENABLED") == "ENABLED" and truth(properties.get("Enabled", True))
    elif isinstance(source, str):
        made.source = f"arn:aws:s3:::{source}" if kind == "s3" else source
    _batch(made, properties)
    resources.stack.events.append(made)


def _batch(made: EventResource, properties: dict[str, Any]) -> None:
    made.batch = int(properties.get("BatchSize") or (10 if made.kind == "sqs" else 100))
    made.partial = "ReportBatchItemFailures" in texts(properties.get("FunctionResponseTypes"))


def _add_mapping(resources: Resources, resource: Resource) -> None:
    source = text(resource.properties.get("EventSourceArn") or "")
    kind = source.split(":")[2] if source.count(":") > 4 else ""
    function = resources.function(resource.properties.get("FunctionName"))
    if function is None or kind not in ("sqs", "dynamodb", "kinesis"):
        resources.stack.notes.add(resource.line, f"{resource.logical_id} maps {source or 'no source'}: not served here")
        return
    made = EventResource(name=resource.logical_id, function=function, kind=kind, source=source, line=resource.line)
    made.enabled = truth(resource.properties.get("Enabled", True))
    _batch(made, resource.properties)
    resources.stack.events.append(made)


def _add_target(resources: Resources, resource: Resource, arn: Any, kind: str, event: Any) -> None:
    function = resources.function(arn)
    if function is not None:
        made = EventResource(name=resource.logical_id, function=function, kind=kind, event=event, line=resource.line)
        made.schedule = text(resource.properties.get("ScheduleExpression") or "")
        made.enabled = resource.properties.get("State", "ENABLED") == "ENABLED"
        resources.stack.events.append(made)
