import pytest

import bridge
from bridge.websocket._api.endpoint import Endpoint

NAME = "abc123.execute-api.eu-west-1.amazonaws.com"
AWS = f"https://{NAME}/prod"


@pytest.fixture(autouse=True)
def _no_region(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_REGION", raising=False)
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)


@pytest.mark.parametrize(
    ("url", "name", "port", "host", "path"),
    [
        (AWS, NAME, None, NAME, "/prod"),
        (AWS + "/", NAME, None, NAME, "/prod"),
        ("https://WS.Example.com", "ws.example.com", None, "ws.example.com", ""),
        ("https://ws.example.com:443//a///b%20c/", "ws.example.com", None, "ws.example.com", "/a/b%20c"),
        ("https://ws.example.com:8443/a", "ws.example.com", 8443, "ws.example.com:8443", "/a"),
        ("http://127.0.0.1:3001", "127.0.0.1", 3001, "127.0.0.1:3001", ""),
        ("http://localhost:80/x", "localhost", None, "localhost", "/x"),
        ("http://localhost:443/x", "localhost", 443, "localhost:443", "/x"),
        ("http://[::1]:3001/prod", "::1", 3001, "[::1]:3001", "/prod"),
        ("http://[::1]/prod", "::1", None, "[::1]", "/prod"),
    ],
)
def test_the_parts_of_a_url(url: str, name: str, port: int | None, host: str, path: str) -> None:
    endpoint = Endpoint(url)
    assert (endpoint.name, endpoint.port, endpoint.host, endpoint.path) == (name, port, host, path)
    assert endpoint.url == url
    assert endpoint.local == url.startswith("http:")


@pytest.mark.parametrize(
    "url",
    [
        "",
        "abc123.execute-api.eu-west-1.amazonaws.com/prod",
        "wss://abc123.execute-api.eu-west-1.amazonaws.com/prod",
        "https:///prod",
        AWS + "?stage=prod",
        AWS + "#prod",
        "https://ws.example.com:port/",
        "https://[::1/",
    ],
)
def test_what_is_no_endpoint_is_refused_by_name(url: str) -> None:
    with pytest.raises(bridge.ConfigurationError) as raised:
        Endpoint(url)
    assert repr(url) in str(raised.value)


@pytest.mark.parametrize(
    ("url", "environment", "region"),
    [
        (AWS, {}, "eu-west-1"),
        (AWS, {"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"}, "eu-west-1"),
        ("https://abc.execute-api.cn-north-1.amazonaws.com.cn/prod", {}, "cn-north-1"),
        ("https://ws.example.com", {"AWS_REGION": "us-east-2", "AWS_DEFAULT_REGION": "us-west-1"}, "us-east-2"),
        ("https://ws.example.com", {"AWS_DEFAULT_REGION": "us-west-1"}, "us-west-1"),
        ("https://ws.example.com", {}, ""),
        ("https://a.execute-api.com", {}, ""),
    ],
)
def test_the_region_is_in_the_name_or_in_the_environment(
    url: str, environment: dict[str, str], region: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert Endpoint(url).region == region


@pytest.mark.parametrize(
    ("url", "resource"),
    [
        (AWS, "abc123/prod/POST/@connections/*"),
        ("https://abc123.execute-api.eu-west-1.amazonaws.com", "abc123/*/POST/@connections/*"),
        ("https://ws.example.com/chat", "*/*/POST/@connections/*"),
    ],
)
def test_the_arn_says_what_the_url_tells(url: str, resource: str) -> None:
    assert Endpoint(url).arn("eu-west-1", "POST") == f"arn:aws:execute-api:eu-west-1:*:{resource}"
