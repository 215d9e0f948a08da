"""Events that are no requests, as the services send them.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-services.html
"""

from __future__ import annotations

import gzip
import hashlib
import json
import time
import uuid
from base64 import b64encode
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Origin:
    """Where an event comes from.

    Attributes:
        kind: one of KINDS.
        source: ARN of the queue, the topic, the bucket, the table, the stream or the rule; the name of a log group.
        name: of what connects it with the function: a subscription, a rule.
        event: a schedule's own input; None: it has none.
        region: where it is.
        account: whose it is.
    """

    kind: str
    source: str = ""
    name: str = "local"
    event: Any = None
    region: str = "us-east-1"
    account: str = "123456789012"


def event(origin: Origin, bodies: list[Any]) -> Any:
    """Return an event of a source.

    Args:
        origin: the source.
        bodies: a record's or message's own content each: a text, or JSON.
    """
    if origin.kind in _RECORDS:
        record = _RECORDS[origin.kind]
        return {"Records": [record(origin, body) for body in bodies]}
    return _WHOLE[origin.kind](origin, bodies[0] if bodies else None)


def count(event: Any, number: int) -> None:
    """Set how often a queue's messages say that they have been given to a function."""
    for record in event.get("Records", ()) if isinstance(event, dict) else ():
        if record.get("eventSource") == "aws:sqs":
            record["attributes"]["ApproximateReceiveCount"] = str(number)


def identifier(record: dict[str, Any]) -> str:
    """Return what a partial answer calls a record: a message's id, or a stream's sequence number."""
    if "kinesis" in record:
        return str(record["kinesis"]["sequenceNumber"])
    return str(record["messageId"] if "messageId" in record else record["dynamodb"]["SequenceNumber"])


def text(body: Any) -> str:
    """Return a message's content as text."""
    return body if isinstance(body, str) else json.dumps(body)


def _sqs(origin: Origin, body: Any) -> dict[str, Any]:
    now = str(int(time.time() * 1000))
    content = text(body)
    return {
        "messageId": str(uuid.uuid4()),
        "receiptHandle": b64encode(uuid.uuid4().bytes).decode(),
        "body": content,
        "attributes": {
            "ApproximateReceiveCount": "1",
            "SentTimestamp": now,
            "SenderId": "AIDALOCAL",
            "ApproximateFirstReceiveTimestamp": now,
        },
        "messageAttributes": {},
        "md5OfBody": hashlib.md5(content.encode(), usedforsecurity=False).hexdigest(),
        "eventSource": "aws:sqs",
        "eventSourceARN": origin.source,
        "awsRegion": origin.region,
    }


def _sns(origin: Origin, body: Any) -> dict[str, Any]:
    return {
        "EventSource": "aws:sns",
        "EventVersion": "1.0",
        "EventSubscriptionArn": f"{origin.source}:{uuid.uuid4()}",
        "Sns": {
            "Type": "Notification",
            "MessageId": str(uuid.uuid4()),
            "TopicArn": origin.source,
            "Subject": None,
            "Message": text(body),
            "Timestamp": _now(),
            "SignatureVersion": "1",
            "Signature": "",
            "SigningCertUrl": "",
            "UnsubscribeUrl": "",
            "MessageAttributes": {},
        },
    }


def _s3(origin: Origin, body: Any) -> dict[str, Any]:
    """Return the record of an object that has been made; the body is its key."""
    bucket = origin.source.rpartition(":")[2]
    key = text(body or "object")
    return {
        "eventVersion": "2.1",
        "eventSource": "aws:s3",
        "awsRegion": origin.region,
        "eventTime": _now(),
        "eventName": "ObjectCreated:Put",
        "userIdentity": {"principalId": "local"},
        "requestParameters": {"sourceIPAddress": "127.0.0.1"},
        "responseElements": {"x-amz-request-id": uuid.uuid4().hex[:16].upper(), "x-amz-id-2": "local"},
        "s3": {
            "s3SchemaVersion": "1.0",
            "configurationId": origin.name,
            "bucket": {"name": bucket, "ownerIdentity": {"principalId": "local"}, "arn": origin.source},
            "object": {"key": key, "size": 0, "eTag": "d41d8cd98f00b204e9800998ecf8427e", "sequencer": "0"},
        },
    }


def _dynamodb(origin: Origin, body: Any) -> dict[str, Any]:
    """Return the record of an item that has been written; the body is the item, in plain JSON or in DynamoDB's."""
    item = body if isinstance(body, dict) else {"value": body}
    marked = all(isinstance(each, dict) and len(each) == 1 for each in item.values())
    image = item if marked else {name: _marked(value) for name, value in item.items()}
    return {
        "eventID": uuid.uuid4().hex,
        "eventName": "INSERT",
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": origin.region,
        "dynamodb": {
            "ApproximateCreationDateTime": time.time(),
            "Keys": dict(list(image.items())[:1]),
            "NewImage": image,
            "SequenceNumber": str(uuid.uuid4().int)[:24],
            "SizeBytes": len(json.dumps(image)),
            "StreamViewType": "NEW_AND_OLD_IMAGES",
        },
        "eventSourceARN": origin.source,
    }


def _marked(value: Any) -> dict[str, Any]:
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, (int, float)):
        return {"N": str(value)}
    if value is None:
        return {"NULL": True}
    if isinstance(value, list):
        return {"L": [_marked(each) for each in value]}
    if isinstance(value, dict):
        return {"M": {name: _marked(each) for name, each in value.items()}}
    return {"S": str(value)}


def _kinesis(origin: Origin, body: Any) -> dict[str, Any]:
    number = str(uuid.uuid4().int)
    return {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": "local",
            "sequenceNumber": number,
            "data": b64encode(text(body).encode()).decode(),
            "approximateArrivalTimestamp": time.time(),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"shardId-000000000000:{number}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:aws:iam::{origin.account}:role/local",
        "awsRegion": origin.region,
        "eventSourceARN": origin.source,
    }


def _schedule(origin: Origin, body: Any) -> Any:
    """Return a schedule's own input, if it has one; else what EventBridge sends.

    https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html
    """
    given = origin.event if body is None else body
    if given is not None:
        return _parsed(given)
    name = origin.name.replace("/", "")
    place = f"{origin.region}:{origin.account}"
    if origin.kind == "scheduler":  # whose detail is a text
        schedule = origin.source or f"arn:aws:scheduler:{place}:schedule/default/{name}"
        return _bus(origin, "aws.scheduler", "Scheduled Event", "{}", [schedule])
    rule = origin.source or f"arn:aws:events:{place}:rule/{name}"
    return _bus(origin, "aws.events", "Scheduled Event", {}, [rule])


def _eventbridge(origin: Origin, body: Any) -> Any:
    """Return an event of the bus: the body itself, if it has a detail-type, or one with the body for its detail."""
    given = _parsed(body)
    if isinstance(given, dict) and "detail-type" in given:
        return given
    return _bus(origin, "local", "local", given if given is not None else {}, [])


def _bus(origin: Origin, source: str, kind: str, detail: Any, resources: list[str]) -> dict[str, Any]:
    return {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": kind,
        "source": source,
        "account": origin.account,
        "time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "region": origin.region,
        "resources": resources,
        "detail": detail,
    }


def _logs(origin: Origin, body: Any) -> Any:
    message = {"id": "0", "timestamp": int(time.time() * 1000), "message": text(body)}
    data = {
        "messageType": "DATA_MESSAGE",
        "owner": origin.account,
        "logGroup": origin.source,
        "logStream": "local",
        "subscriptionFilters": [origin.name],
        "logEvents": [message],
    }
    return {"awslogs": {"data": b64encode(gzip.compress(json.dumps(data).encode())).decode()}}


def _parsed(value: Any) -> Any:
    try:
        return json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _now() -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime())


_RECORDS = {"sqs": _sqs, "sns": _sns, "s3": _s3, "dynamodb": _dynamodb, "kinesis": _kinesis}
_WHOLE = {"schedule": _schedule, "scheduler": _schedule, "eventbridge": _eventbridge, "cloudwatch-logs": _logs}

KINDS: tuple[str, ...] = (*_RECORDS, *_WHOLE)
"""What events can be made of here."""

_SOURCES = {
    "sqs": "arn:aws:sqs:{}:{}:local",
    "sns": "arn:aws:sns:{}:{}:local",
    "s3": "arn:aws:s3:::local",
    "dynamodb": "arn:aws:dynamodb:{}:{}:table/local/stream/2026-01-01T00:00:00.000",
    "kinesis": "arn:aws:kinesis:{}:{}:stream/local",
    "cloudwatch-logs": "/aws/lambda/local",
}


def origin(kind: str, source: str = "") -> Origin:
    """Return where a sample event of a kind comes from: its source, or one with a made-up name."""
    made = Origin(kind=kind)
    return replace(made, source=source or _SOURCES.get(kind, "").format(made.region, made.account))
