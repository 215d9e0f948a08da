"""All connections of a WebSocket API, for code without an event loop: to send to them, and to close them."""

from __future__ import annotations

import json
import os
from time import monotonic
from typing import NamedTuple, Protocol

from .._http import url
from .._invocation import logger
from ..errors import ConfigurationError
from ._budget import LEAST, end_of_time, left
from ._current import current
from ._errors import ConnectionGoneError, ManagementError
from ._hosts import is_aws, suffix_of
from ._threads import for_each

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from typing import Any, TypeAlias

    from ..types import Event
    from ._records import Records

    Clients: TypeAlias = Callable[[str], "Management"]

ENDPOINT_VARIABLE = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"
"""The variable in which AWS's own clients look for the endpoint of the Management API.
https://docs.aws.amazon.com/sdkref/latest/guide/feature-ss-endpoints.html"""

LOCAL_VARIABLE = "BRIDGE_MANAGEMENT_ENDPOINT"
"""The variable in which a local gateway says where it listens. It goes before all else: nothing local reaches AWS."""

SHARE = 0.9
"""Of the time that an event has left, for the posts of a broadcast."""

CONCURRENCY = 16
"""Posts of one broadcast that are on their way at the same time."""


class Management(Protocol):
    """API Gateway's Management API for one endpoint: `bridge.websocket._api.ManagementAPI`, or a stand-in."""

    def post(self, connection_id: str, data: str | bytes) -> None:
        """Send to a client, which gets text. Raises ConnectionGoneError if it has left."""

    def delete(self, connection_id: str) -> None:
        """Close a connection. Raises ConnectionGoneError if it is closed."""


class Broadcast(NamedTuple):
    """What became of a broadcast: the ids of those that it has reached, that are gone, and that it has failed for."""

    reached: list[str]
    gone: list[str]
    failed: dict[str, Exception]


class SyncConnections:
    """The `Connections` for code without an event loop. Calls block; any number of threads may make them."""

    def __init__(self, records: Records | None, endpoint_url: str | None, clients: Clients) -> None:
        self._records = records
        self._endpoint_url = endpoint_url
        self._clients = clients
        self._known: dict[str, Management] = {}

    def send(self, connection_id: str, text: str) -> None:
        """Send a text, as `Connections.send` does."""
        self.management().post(connection_id, text)

    def send_json(self, connection_id: str, value: Any) -> None:
        """Send a value as JSON, as `Connections.send_json` does."""
        self.send(connection_id, _json(value))

    def close(self, connection_id: str) -> bool:
        """Close a connection, as `Connections.close` does."""
        try:
            self.management().delete(connection_id)
        except ConnectionGoneError:
            return False
        return True

    def members(self, group: str) -> list[str]:
        """Return a group's members, as `Connections.members` does."""
        return self._kept().members(group)

    def broadcast(self, group: str, text: str, *, exclude: Collection[str] = ()) -> Broadcast:
        """Send a text to a group, as `Connections.broadcast` does."""
        post = self.management().post
        excluded = frozenset(exclude)
        members = [member for member in self.members(group) if member not in excluded]
        result = Broadcast([], [], {})

        # Who is not reached in time has failed: the result is there before the event's time is over.
        end = monotonic() + left() * SHARE

        def send(member: str) -> None:
            try:
                if left() < LEAST:
                    raise ManagementError("the invocation's time had run out before this member's turn came")
                post(member, text)
                result.reached.append(member)
            except ConnectionGoneError:
                self._kept().forget(member, group)
                result.gone.append(member)
            except ManagementError as error:
                result.failed[member] = error

        before = end_of_time.set(end)  # in the other threads, too
        try:
            for_each(members, send, CONCURRENCY)
        finally:
            end_of_time.reset(before)
        if result.failed:
            first, failed = next(iter(result.failed.values())), len(result.failed)
            logger().error("a broadcast to %r has failed for %s of %s members: %s", group, failed, len(members), first)
        return result

    def broadcast_json(self, group: str, value: Any, *, exclude: Collection[str] = ()) -> Broadcast:
        """Send a value as JSON to a group, as `Connections.broadcast_json` does."""
        return self.broadcast(group, _json(value), exclude=exclude)

    def endpoint_of(self, event: Event) -> str:
        """Return where API Gateway takes messages for the clients of an event's API."""
        context, region = event["requestContext"], os.environ.get("AWS_REGION")
        domain = context.get("domainName") or ""
        if region and not (url.EXECUTE_API in domain and is_aws(f"https://{domain}")):
            # A custom domain has a mapping where this one has the stage, and the event does not tell it.
            domain = f"{context.get('apiId')}{url.EXECUTE_API}{region}.{suffix_of(region)}"
        return self._configured() or f"https://{domain}/{context.get('stage')}"

    def management(self) -> Management:
        """Return the Management API at the endpoint that is configured, or at that of the event being handled.

        Raises:
            ConfigurationError: none is configured, and no WebSocket event is being handled.
        """
        url = self._configured()
        if not url:
            connection = current.get(None)
            if connection is None:
                raise ConfigurationError(
                    "outside of a WebSocket event the endpoint has to be configured: "
                    "Connections(..., endpoint_url='https://API_ID.execute-api.REGION.amazonaws.com/STAGE'), or the "
                    f"environment variable {ENDPOINT_VARIABLE}"
                )
            url = connection.endpoint_url
        return self.management_at(url)

    def management_at(self, url: str) -> Management:
        """Return the Management API at an endpoint; one client for each.

        Raises:
            ConfigurationError: the endpoint is neither AWS's nor named by the deployer, and would be signed for.
        """
        if self._clients is client_of and not is_aws(url) and url != self._configured():
            raise ConfigurationError(
                f"the event names {url!r} as its API, which is no host of AWS's: nothing is signed for it. If it is "
                "your API's domain: Connections(..., endpoint_url='https://DOMAIN/MAPPING'), or the variable "
                f"{ENDPOINT_VARIABLE}."
            )
        if url not in self._known:
            self._known.setdefault(url, self._clients(url))
        return self._known[url]

    def _configured(self) -> str | None:
        return os.environ.get(LOCAL_VARIABLE) or self._endpoint_url or os.environ.get(ENDPOINT_VARIABLE)

    def _kept(self) -> Records:
        if self._records is None:
            raise ConfigurationError("groups need a store: Connections(DynamoDBStore('table'))")
        return self._records


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def client_of(url: str) -> Management:
    from ._api import ManagementAPI

    return ManagementAPI(url)
