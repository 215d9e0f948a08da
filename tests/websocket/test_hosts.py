"""Whom a signature and a session token go to."""

import json
from importlib.resources import files
from typing import Any

import pytest

from bridge import Bridge, ConfigurationError
from bridge.websocket import Connections, MemoryStore
from bridge.websocket._hosts import is_aws, suffix_of

from .api import Client, api_of
from .patterns import app_of, direct

PARTITIONS = json.loads(files("botocore").joinpath("data/endpoints.json").read_text("utf-8"))["partitions"]

FORGED = [
    "x.execute-api.attacker.example",
    "x.execute-api.eu-west-1.amazonaws.com.attacker.example",
    "attacker.example/x.execute-api.eu-west-1.amazonaws.com",
    "attacker.example#.execute-api.eu-west-1.amazonaws.com",
    "attacker.example?.execute-api.eu-west-1.amazonaws.com",
    "attacker.example\\.execute-api.eu-west-1.amazonaws.com",
    "a:b@attacker.example:443/.execute-api.eu-west-1.amazonaws.com",
    "x.execute-api.eu-west-1.amazonaws.com:8443",
    "x.execute-api.eu-west-1.notamazonaws.com",
]


@pytest.mark.parametrize("partition", PARTITIONS, ids=lambda partition: partition["partition"])
def test_every_partition_of_aws_is_known(partition: dict[str, Any]) -> None:
    assert is_aws(f"https://x.execute-api.r.{partition['dnsSuffix']}/dev")
    for region in partition["regions"]:
        assert suffix_of(region) == partition["dnsSuffix"]


@pytest.mark.parametrize("name", ["domainName", "apiId"])
@pytest.mark.parametrize("forged", FORGED)
@pytest.mark.parametrize("region", ["eu-west-1", None])
def test_a_forged_event_gets_nothing_signed(
    name: str, forged: str, region: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    if region:
        monkeypatch.setenv("AWS_REGION", region)
    connections = Connections(MemoryStore())
    if name == "apiId":
        event = Client(api_of()).event("MESSAGE", domainName="ws.example.com", apiId=forged)
    else:
        event = Client(api_of()).event("MESSAGE", domainName=forged, apiId="a1b2c3")
    url = connections.sync.endpoint_of(event)
    if url == "https://a1b2c3.execute-api.eu-west-1.amazonaws.com/prod":
        return  # the event's API, whatever it says of its domain
    if is_aws(url) and url.startswith("https://x.execute-api."):
        return  # AWS's own, though of another account: what is signed for one host is of no use elsewhere
    with pytest.raises(ConfigurationError, match="no host of AWS's"):
        connections.sync.management_at(url)


def test_a_domain_that_the_deployer_has_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    named = "https://ws.example.com/mapping"
    monkeypatch.setenv("AWS_REGION", "eu-west-1")
    assert Connections(endpoint_url=named).sync.management_at(named)
    monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", named)
    assert Connections().sync.management()


def test_the_log_says_what_to_do(caplog: pytest.LogCaptureFixture) -> None:
    client = Client(api_of())
    handler = Bridge(app_of(direct), lifespan="off", connections=Connections())
    event = client.message("x")
    event["requestContext"]["domainName"] = FORGED[0]
    assert handler(event, None) == {"statusCode": 500}
    assert "endpoint_url=" in caplog.text
