import json
import os

import boto3


def handler(event, context):
    request = event["requestContext"]
    if request["eventType"] == "CONNECT":
        return {"statusCode": 403 if (event.get("queryStringParameters") or {}).get("refuse") else 200}
    if request["eventType"] == "MESSAGE":
        text = json.loads(event["body"])["text"]
        if text == "fail":
            raise RuntimeError("failed")
        management = boto3.client(
            "apigatewaymanagementapi", endpoint_url=os.environ["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"]
        )
        said = json.dumps({"said": text.upper(), "api": request["apiId"], "route": request["routeKey"]})
        management.post_to_connection(ConnectionId=request["connectionId"], Data=said)
    return {"statusCode": 200}
