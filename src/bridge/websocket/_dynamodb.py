"""The store for Lambda: one DynamoDB table."""

from __future__ import annotations

import json
import os
import threading
import time
import zlib
from typing import Any

from ..errors import ConfigurationError, DeadlineError
from ._budget import LEAST, left
from ._store import Item
from ._sync import CONCURRENCY

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._store import Clock, Value

PLAIN = 512
"""Bytes of JSON that are stored as text, which the console can show. Longer values are compressed."""


CONNECT_SECONDS = 2.0
READ_SECONDS = 3.0
ATTEMPTS = 3
"""Of a call, and how many there are: boto3's own (60 s, and ten attempts) outlast every WebSocket event."""


class DynamoDBStore:
    """Items in one table with the keys `pk` and `sk` (both S). docs/websocket-stores.md has its definition.

    An item also has `value` (S: JSON, or B: JSON compressed with zlib), `version` (N), `expires` (N, the table's TTL
    attribute, in seconds) and `writer` (B, what told one write from all others). TTL deletes late, up to days:
    so `expires` is looked at in every call.
    https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/ttl-expired-items.html

    The function's role needs dynamodb:GetItem, PutItem, DeleteItem and Query on the table. Bridge never makes it.

    boto3 is imported when the first call is made, which takes tenths of a second. A client that is made while your
    module is imported moves that into Lambda's init phase: `DynamoDBStore(name, client=boto3.client("dynamodb"))`.

    A call that got no answer is repeated by boto3. For `put` that changes nothing; of a `delete` whose answer was lost
    the repetition finds nothing, and says None.

    Args:
        table: its name or ARN.
        endpoint_url: of something that stands in for DynamoDB.
        region: of the table; None: as boto3 finds it, on Lambda the function's own.
        client: `boto3.client("dynamodb")` or one with a configuration of your own, in place of the two above.
        clock: tells the time.
    """

    def __init__(
        self,
        table: str,
        *,
        endpoint_url: str | None = None,
        region: str | None = None,
        client: Any = None,
        clock: Clock = time.time,
    ) -> None:
        self._table = table
        self._endpoint_url = endpoint_url
        self._region = region
        self._given = client
        self._clock = clock
        self._lock = threading.Lock()

    def get(self, key: str, sort: str) -> Item | None:
        """Return an item, as `Store.get` does, by a strongly consistent read."""
        answer = self._call("get_item", Key=_key(key, sort), ConsistentRead=True)
        return self._live(answer.get("Item"))

    def put(self, key: str, sort: str, value: Value, *, version: int, expires: int) -> bool:
        """Write an item, as `Store.put` does, by a conditional write."""
        item = {
            **_key(key, sort),
            "value": _packed(value),
            "version": {"N": str(version + 1)},
            "expires": {"N": str(expires)},
            "writer": {"B": os.urandom(12)},
        }
        now = {":now": self._now()}
        condition: dict[str, Any] = {
            "ConditionExpression": "#version = :version AND #expires > :now",
            "ExpressionAttributeNames": {"#version": "version", "#expires": "expires"},
            "ExpressionAttributeValues": {":version": {"N": str(version)}, **now},
        }
        if version == 0:
            condition = {
                "ConditionExpression": "attribute_not_exists(#pk) OR #expires <= :now",
                "ExpressionAttributeNames": {"#pk": "pk", "#expires": "expires"},
                "ExpressionAttributeValues": now,
            }
        try:
            self._call("put_item", Item=item, ReturnValuesOnConditionCheckFailure="ALL_OLD", **condition)
        except self._client.exceptions.ConditionalCheckFailedException as error:
            # boto3 repeats a write whose answer was lost: what stands in its way then is itself.
            return bool(error.response.get("Item", {}).get("writer") == item["writer"])
        return True

    def delete(self, key: str, sort: str) -> Item | None:
        """Remove an item, as `Store.delete` does. DynamoDB gives its attributes to the one call that removed it."""
        answer = self._call("delete_item", Key=_key(key, sort), ReturnValues="ALL_OLD")
        return self._live(answer.get("Attributes"))

    def sorts(self, key: str) -> list[str]:
        """Return second keys, as `Store.sorts` does, by a strongly consistent query, page after page (1 MB each)."""
        query: dict[str, Any] = {
            "KeyConditionExpression": "#pk = :pk",
            "FilterExpression": "#expires > :now",
            "ProjectionExpression": "#sk",
            "ExpressionAttributeNames": {"#pk": "pk", "#sk": "sk", "#expires": "expires"},
            "ExpressionAttributeValues": {":pk": {"S": key}, ":now": self._now()},
            "ConsistentRead": True,
        }
        found: list[str] = []
        while True:
            page = self._call("query", **query)
            found += [item["sk"]["S"] for item in page["Items"]]
            if "LastEvaluatedKey" not in page:
                return found
            query["ExclusiveStartKey"] = page["LastEvaluatedKey"]

    @property
    def _client(self) -> Any:
        with self._lock:  # threads may share a client of boto3, but one of them makes it
            if self._given is None:
                self._given = self._new_client()
            return self._given

    def _new_client(self) -> Any:
        try:
            import boto3
        except ImportError as error:
            raise ConfigurationError(
                "DynamoDBStore needs boto3, which Lambda's Python runtimes have. Elsewhere: pip install boto3."
            ) from error
        from botocore.config import Config

        config = Config(
            connect_timeout=CONNECT_SECONDS,
            read_timeout=READ_SECONDS,
            max_pool_connections=CONCURRENCY,  # a broadcast may remove as many members at the same time
            retries={"mode": "standard", "total_max_attempts": ATTEMPTS},
        )
        client = boto3.Session().client(
            "dynamodb", endpoint_url=self._endpoint_url, region_name=self._region, config=config
        )
        client.meta.events.register("before-send.dynamodb", _while_there_is_time)
        return client

    def _call(self, operation: str, **parameters: Any) -> dict[str, Any]:
        client = self._client
        try:
            answer: dict[str, Any] = getattr(client, operation)(TableName=self._table, **parameters)
        except client.exceptions.ResourceNotFoundException as error:
            raise ConfigurationError(
                f"There is no DynamoDB table {self._table!r} in {client.meta.region_name}, at "
                f"{client.meta.endpoint_url}. Bridge does not make it. It needs a partition key pk (S), a sort key "
                "sk (S) and, as its TTL attribute, expires: docs/websocket-stores.md has the definition."
            ) from error
        return answer

    def _now(self) -> dict[str, str]:
        return {"N": str(int(self._clock()))}

    def _live(self, attributes: dict[str, Any] | None) -> Item | None:
        if not attributes or int(attributes["expires"]["N"]) <= int(self._clock()):
            return None
        return Item(_unpacked(attributes["value"]), int(attributes["version"]["N"]))


def _while_there_is_time(**_: object) -> None:
    if left() < LEAST:
        raise DeadlineError("the invocation's time had run out before DynamoDB could be asked")


def _key(key: str, sort: str) -> dict[str, Any]:
    return {"pk": {"S": key}, "sk": {"S": sort}}


def _packed(value: Value) -> dict[str, Any]:
    text = json.dumps(value, separators=(",", ":"))
    return {"S": text} if len(text) <= PLAIN else {"B": zlib.compress(text.encode())}


def _unpacked(attribute: dict[str, Any]) -> Value:
    value: Value = json.loads(attribute["S"] if "S" in attribute else zlib.decompress(attribute["B"]))
    return value
