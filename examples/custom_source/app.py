"""A Flask app behind Yandex API Gateway, and behind AWS's APIs as before. Its last line names the source of the events.

The format of the events is the one that an integration `cloud_functions` has by default, 0.1:
https://yandex.cloud/en/docs/api-gateway/concepts/extensions/cloud-functions
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from flask import Flask, request

from bridge import Bridge
from bridge.sources import http_request, to_lists

if TYPE_CHECKING:
    from bridge.types import Request, ResponseHeaders


class YandexApiGateway:
    """One event format, both ways."""

    LIMIT = 3_670_016  # bytes of JSON: 3.5 MB, https://yandex.cloud/en/docs/functions/concepts/limits

    def accepts(self, event: Any) -> bool:
        return isinstance(event, dict) and "httpMethod" in event and "url" in event and "pathParams" in event

    def request(self, event: dict[str, Any]) -> Request:
        raw_path, _, query = event["url"].partition("?")
        return http_request(
            method=event["httpMethod"],
            raw_path=raw_path,
            query=query,
            headers=event["multiValueHeaders"],
            client=event["requestContext"]["identity"]["sourceIp"],
            body=event["body"],
            is_base64=event["isBase64Encoded"],
        )

    def result(
        self, event: dict[str, Any], status: int, headers: ResponseHeaders, body: str, is_base64: bool
    ) -> dict[str, Any]:
        return {
            "statusCode": status,
            "multiValueHeaders": to_lists(headers),
            "body": body,
            "isBase64Encoded": is_base64,
        }


app = Flask(__name__)


@app.get("/hello/<name>")
def hello(name: str) -> dict[str, object]:
    """JSON."""
    return {"hello": name, "tags": request.args.getlist("tag"), "client": request.remote_addr}


handler = Bridge(app, sources=[YandexApiGateway()])
