"""A DynamoDB to test with, and the table of docs/websocket-stores.md in it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from moto.server import ThreadedMotoServer

PAGE = Path(__file__).parents[2] / "docs" / "websocket-stores.md"


class _Loader(yaml.SafeLoader):
    """YAML in which !Ref and its like are what stands after them."""


_Loader.add_multi_constructor("!", lambda _loader, _tag, node: node.value)


@pytest.fixture(autouse=True)
def _no_local_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests of the gateway lend to the environment would be taken for the API's endpoint."""
    for name in ("BRIDGE_MANAGEMENT_ENDPOINT", "BRIDGE_LAMBDA_ENDPOINT", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def template() -> Any:
    """The resources that docs/websocket-stores.md tells people to have."""
    (text,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE.read_text("utf-8"), re.DOTALL | re.MULTILINE)
    return yaml.load(text, _Loader)["Resources"]  # a SafeLoader


@pytest.fixture(scope="session")
def dynamodb_url() -> Iterator[str]:
    """Moto's DynamoDB, as a server."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def dynamodb(dynamodb_url: str) -> Iterator[Any]:
    """A client of it."""
    client = boto3.client(
        "dynamodb",
        endpoint_url=dynamodb_url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()


@pytest.fixture(scope="session")
def table(dynamodb: Any, template: Any) -> str:
    """The name of a table that is as the page has it."""
    properties = dict(template["Connections"]["Properties"])
    ttl = properties.pop("TimeToLiveSpecification")
    dynamodb.create_table(TableName="connections", **properties)
    dynamodb.update_time_to_live(TableName="connections", TimeToLiveSpecification=ttl)
    return "connections"
