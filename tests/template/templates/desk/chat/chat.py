import json
from typing import Any

import boto3


def handler(event: Any, context: Any) -> Any:
    request = event["requestContext"]
    if request["eventType"] == "CONNECT":
        return {"statusCode": 403 if (event.get("queryStringParameters") or {}).get("refuse") else 200}
    if request["eventType"] == "MESSAGE":
        text = json.loads(event["body"])["text"]
        if text == "fail":
            raise RuntimeError("failed")
        management = boto3.client("apigatewaymanagementapi")  # its endpoint is in the environment
        said = json.dumps({"said": text.upper(), "api": request["apiId"], "route": request["routeKey"]})
        management.post_to_connection(ConnectionId=request["connectionId"], Data=said)
    return {"statusCode": 200}
