"""What the tests of `bridge serve --api websocket` serve."""

import json
import os
from typing import Any

import boto3

ENDPOINT = os.environ["BRIDGE_MANAGEMENT_ENDPOINT"]  # there when the module is loaded


def handler(event: dict[str, Any], context: Any) -> object:
    """Answers a message by way of an asynchronous invocation of itself."""
    if "request" in event:
        client("apigatewaymanagementapi", ENDPOINT).post_to_connection(
            ConnectionId=event["request"]["connectionId"], Data=json.dumps({"pid": os.getpid(), **event["request"]})
        )
    elif "body" in event:
        payload = {"request": {**event["requestContext"], "body": event["body"]}}
        client("lambda", os.environ["BRIDGE_LAMBDA_ENDPOINT"]).invoke(
            FunctionName=context.function_name, InvocationType="Event", Payload=json.dumps(payload)
        )
    return {"statusCode": 200}


def client(service: str, url: str) -> Any:
    make: Any = boto3.client
    return make(service, endpoint_url=url)


def authorizer(event: dict[str, Any], context: Any) -> object:
    statement = {"Effect": "Allow", "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}}
