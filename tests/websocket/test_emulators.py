"""The endpoints of emulators, as docs/websockets.md has them: those that are here are asked."""

import re
from pathlib import Path

import pytest

from bridge.websocket import Connections, ManagementError
from bridge.websocket._api.endpoint import Endpoint

PAGE = Path(__file__).parents[2] / "docs/websockets.md"

VARIABLE = "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.delenv("BRIDGE_MANAGEMENT_ENDPOINT", raising=False)


def test_moto_takes_messages_at_its_root(dynamodb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, dynamodb_url)
    Connections().sync.send("L0SM9cOFvHcCIhw=", "tea")
    monkeypatch.setenv(VARIABLE, f"{dynamodb_url}/prod")
    with pytest.raises(ManagementError, match="404"):
        Connections().sync.send("L0SM9cOFvHcCIhw=", "tea")


def test_every_endpoint_of_the_page_is_one_that_bridge_takes() -> None:
    table = PAGE.read_text("utf-8").partition("### Emulators")[2].partition("\n## ")[0]
    urls = [url for line in table.splitlines() for url in re.findall(r"`(http://[^`]*)`", line)]
    assert len(urls) >= 6
    for url in urls:
        endpoint = Endpoint(url)
        assert endpoint.local
        assert f"http://{endpoint.host}{endpoint.path}".lower() == url.lower()
