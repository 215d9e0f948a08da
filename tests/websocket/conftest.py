"""The table of docs/websocket-stores.md, in the DynamoDB to test with."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

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
def table(dynamodb: Any, template: Any) -> str:
    """The name of a table that is as the page has it."""
    properties = dict(template["Connections"]["Properties"])
    ttl = properties.pop("TimeToLiveSpecification")
    dynamodb.create_table(TableName="connections", **properties)
    dynamodb.update_time_to_live(TableName="connections", TimeToLiveSpecification=ttl)
    return "connections"
