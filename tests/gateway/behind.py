"""Handlers behind a local WebSocket API, and clients on real sockets."""

import json
import os
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from queue import SimpleQueue
from typing import Any
from urllib.parse import urlsplit
from weakref import WeakValueDictionary

import boto3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from websockets.client import ClientProtocol
from websockets.frames import Frame
from websockets.sync.client import ClientConnection, connect
from websockets.uri import parse_uri

from bridge.gateway import Server, WebSocketGateway

SECONDS = 20
"""The longest anything is waited for."""

OK = {"statusCode": 200}
SIGNED = {
    "authorization": "AWS4-HMAC-SHA256 Credential=local/20250101/us-east-1/execute-api/aws4_request, "
    "SignedHeaders=host;x-amz-date, Signature=" + 64 * "0"
}

Handler = Callable[[dict[str, Any], Any], object]


RECORDERS: WeakValueDictionary[str, "Recorder"] = WeakValueDictionary()


class Recorder:
    """A Lambda handler that keeps its events.

    Args:
        act: what makes its results.

    Attributes:
        query: by which clients reach it behind a switchboard.
    """

    def __init__(self, act: Handler | None = None) -> None:
        self.query = f"?recorder={uuid.uuid4()}"
        RECORDERS[self.query] = self
        self._act = act
        self._events: SimpleQueue[dict[str, Any]] = SimpleQueue()

    def __call__(self, event: dict[str, Any], context: Any) -> object:
        self._events.put(event)
        return self._act(event, context) if self._act else OK

    def next(self, event_type: str) -> dict[str, Any]:
        """The next event, which has to be of this type."""
        event = self._events.get(timeout=SECONDS)
        assert event["requestContext"]["eventType"] == event_type
        return event


class Switchboard:
    """A Lambda handler for the events of many tests: each recorder gets those of its own clients."""

    def __init__(self) -> None:
        self._of: dict[str, Recorder] = {}

    def __call__(self, event: dict[str, Any], context: Any) -> object:
        if event["requestContext"]["eventType"] == "CONNECT":
            self._of[connection_id(event)] = RECORDERS["?recorder=" + event["queryStringParameters"]["recorder"]]
        return self._of[connection_id(event)](event, context)


class Api:
    """A WebSocket API that is being served."""

    def __init__(self, url: str, stage: str) -> None:
        self.url = url
        self.management_url = f"{url}/{stage}"
        self.ws_url = self.management_url.replace("http", "ws")

    @contextmanager
    def client(self, query: str = "", **options: Any) -> Iterator[ClientConnection]:
        """A client that has connected."""
        with connect(self.ws_url + query, open_timeout=SECONDS, close_timeout=SECONDS, **options) as client:
            yield client

    @contextmanager
    def management(self) -> Iterator[Any]:
        """boto3's client of the @connections endpoint."""
        with sdk("apigatewaymanagementapi", self.management_url) as client:
            yield client

    def socket(self) -> socket.socket:
        """A connection that says nothing yet."""
        url = urlsplit(self.url)
        return socket.create_connection((url.hostname, url.port), SECONDS)

    @contextmanager
    def raw(self, query: str = "") -> Iterator["Raw"]:
        """A client that does nothing by itself."""
        with self.socket() as connection:
            yield Raw(connection, self.ws_url + query)


class Raw:
    """A WebSocket client, frame by frame."""

    def __init__(self, connection: socket.socket, url: str) -> None:
        self.socket = connection
        self.protocol = ClientProtocol(parse_uri(url), max_size=None)
        self.protocol.send_request(self.protocol.connect())
        self.flush()

    def flush(self) -> None:
        """Send what there is to send."""
        self.socket.sendall(b"".join(self.protocol.data_to_send()))

    def frames(self) -> Iterator[Frame]:
        """The frames that come, until the server ends the connection. The handshake's response comes first."""
        while data := self.socket.recv(65536):
            self.protocol.receive_data(data)
            for event in self.protocol.events_received():
                if isinstance(event, Frame):
                    yield event

    def open(self) -> None:
        """Read the handshake's response."""
        while self.protocol.state.name == "CONNECTING":
            self.protocol.receive_data(self.socket.recv(65536))
        assert self.protocol.handshake_exc is None


@contextmanager
def behind(handler: Handler, **options: Any) -> Iterator[Api]:
    """A handler behind a WebSocket API."""
    with Server().serving(WebSocketGateway(handler, **options)) as url:
        yield Api(url, options.get("stage", "dev"))


@contextmanager
def sdk(service: str, url: str) -> Iterator[Any]:
    """boto3's client of a service, with the secret that the server has lent this process."""
    make: Any = boto3.client
    client = make(
        service,
        endpoint_url=url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key=os.environ["BRIDGE_LOCAL_SECRET"],
        config=Config(retries={"total_max_attempts": 1}, read_timeout=SECONDS),
    )
    with closing(client):
        yield client


def signed(
    method: str, url: str, service: str, body: bytes = b"", *, key: str = "local", secret: str = "", **headers: str
) -> dict[str, str]:
    """The headers of a request that botocore has signed, with the secret that the server has lent if none is given."""
    request = AWSRequest(method, url, headers=headers, data=body)
    SigV4Auth(Credentials(key, secret or os.environ["BRIDGE_LOCAL_SECRET"]), service, "us-east-1").add_auth(request)
    return dict(request.headers.items())


def connection_id(event: dict[str, Any]) -> str:
    """Of the connection that an event belongs to."""
    found: str = event["requestContext"]["connectionId"]
    return found


def received(client: ClientConnection) -> Any:
    """The next message of a client, as JSON."""
    return json.loads(client.recv(timeout=SECONDS))
