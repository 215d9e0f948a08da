"""`bridge event`: what is no request, and what a Host says. What it prints is what the gateway and Bridge take."""

import json
from pathlib import Path
from typing import Any

import pytest

from bridge import Bridge
from bridge._command.cli import main
from bridge.gateway._records import KINDS
from bridge.kinds import is_websocket, kind
from bridge.websocket import Connections, MemoryStore

from ..samples import sample

HOST = "abc123.execute-api.eu-west-1.amazonaws.com"


@pytest.fixture
def event(capsys: pytest.CaptureFixture[str]) -> Any:
    """What the command prints."""

    def printed(*arguments: str) -> Any:
        assert main(["event", *arguments]) == 0
        return json.loads(capsys.readouterr().out)

    return printed


# Hosts


@pytest.mark.parametrize("api", [["--api", "http"], ["--api", "http", "--payload", "1.0"], ["--api", "rest"]])
def test_a_host_is_the_domain_name_too(api: list[str], event: Any) -> None:
    context = event("GET", "/x", "-H", "Host: www.example.com", *api)["requestContext"]
    assert (context["domainName"], context["domainPrefix"], context["apiId"]) == ("www.example.com", "www", "local")
    context = event("GET", "https://user:word@www.example.com/x", *api)["requestContext"]
    assert context["domainName"] == "www.example.com"


@pytest.mark.parametrize("api", ["http", "rest", "url"])
def test_without_a_host_it_is_the_api_s_own(api: str, event: Any) -> None:
    made = event("GET", "/x", "--api", api)
    headers = {name.lower(): value for name, value in made["headers"].items()}
    assert headers["host"] == made["requestContext"]["domainName"]
    assert "." in headers["host"]


def test_a_load_balancer_has_no_domain_name(event: Any) -> None:
    assert event("GET", "/x", "--api", "alb")["headers"]["host"] == "localhost"


# WebSocket APIs


@pytest.mark.parametrize("what", ["CONNECT", "MESSAGE", "DISCONNECT"])
def test_an_event_of_a_web_socket_api_has_the_keys_of_a_real_one(what: str, event: Any) -> None:
    made = event(what.lower(), "--api", "websocket", "-d", "{}", "-H", "User-Agent: probe/1.0")
    assert is_websocket(made)
    assert made["requestContext"]["eventType"] == what
    if what != "DISCONNECT":
        real = sample(f"other_websocket_{what.lower()}")
        assert made.keys() == real.keys()
        assert made["requestContext"].keys() == real["requestContext"].keys()
        assert made["requestContext"]["identity"].keys() == real["requestContext"]["identity"].keys()
        assert real.get("headers", {}).keys() <= made.get("headers", {}).keys()


def test_the_url_of_a_web_socket_api_has_its_stage_and_the_client_s_query(event: Any) -> None:
    made = event("CONNECT", f"wss://{HOST}/prod?token=a%20b", "--api", "websocket")
    context = made["requestContext"]
    assert (context["domainName"], context["apiId"], context["stage"]) == (HOST, "abc123", "prod")
    assert made["queryStringParameters"] == {"token": "a b"}
    assert (made["headers"]["Host"], made["headers"]["X-Forwarded-Proto"]) == (HOST, "https")
    context = event("MESSAGE", "--api", "websocket", "-H", "Host: chat.example.com")["requestContext"]
    assert (context["domainName"], context["apiId"], context["stage"]) == ("chat.example.com", "local", "dev")
    assert event("MESSAGE", "--api", "websocket", "--stage", "beta")["requestContext"]["stage"] == "beta"


def test_a_message_takes_a_route(event: Any) -> None:
    made = event("MESSAGE", "--api", "websocket", "--route", "join", "-d", "tea")
    assert (made["requestContext"]["routeKey"], made["body"]) == ("join", "tea")


def test_a_client_says_its_own_handshake(event: Any) -> None:
    given = ["-H", "Sec-WebSocket-Protocol: chat", "-H", "Sec-WebSocket-Version: 8", "-H", "X-Forwarded-For: 9.9.9.9"]
    headers = event("CONNECT", "--api", "websocket", *given)["multiValueHeaders"]
    assert (headers["Sec-WebSocket-Protocol"], headers["Sec-WebSocket-Version"]) == (["chat"], ["8"])
    assert headers["X-Forwarded-For"] == ["9.9.9.9, 127.0.0.1"]


def test_the_events_are_of_one_connection_which_an_app_sees_come_speak_and_go(event: Any) -> None:
    seen = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert (await receive())["type"] == "websocket.connect"
        await send({"type": "websocket.accept"})
        while (message := await receive())["type"] != "websocket.disconnect":
            seen.append(message["text"])
        seen.append(message["code"])

    handler = Bridge(app, lifespan="off", websocket_path="/", connections=Connections(MemoryStore()))
    for arguments in (["CONNECT"], ["MESSAGE", "-d", "tea"], ["DISCONNECT"]):
        assert handler(event(*arguments, "--api", "websocket"))["statusCode"] == 200
    assert seen == ["tea", 1000]


# Events that are no requests


@pytest.mark.parametrize("name", KINDS)
def test_an_event_of_a_kind_is_of_that_kind(name: str, event: Any) -> None:
    expected = f"aws:{name}".replace("scheduler", "schedule")
    assert kind(event("--kind", name)) == kind(event("--kind", f"aws:{name}")) == expected


@pytest.mark.parametrize("name", ["sqs", "sns", "s3", "dynamodb", "kinesis", "eventbridge", "scheduler"])
def test_an_event_of_a_kind_has_the_keys_of_a_real_one(name: str, event: Any) -> None:
    made, real = event("--kind", name), sample(f"other_{name}")
    if "Records" in real:
        (made,), real = made["Records"], real["Records"][0]
    assert made.keys() >= real.keys()


def test_each_body_is_a_message_of_a_queue(event: Any) -> None:
    records = event("--kind", "sqs", "-d", "tea", "-d", '{"milk": true}')["Records"]
    assert [record["body"] for record in records] == ["tea", '{"milk": true}']
    (record,) = event("--kind", "sqs", "--source", "arn:aws:sqs:eu-west-1:1:orders")["Records"]
    assert record["eventSourceARN"] == "arn:aws:sqs:eu-west-1:1:orders"


def test_a_body_is_what_each_service_makes_of_it(event: Any, tmp_path: Path) -> None:
    (record,) = event("--kind", "s3", "-d", "a/b.txt", "--source", "arn:aws:s3:::files")["Records"]
    assert (record["s3"]["bucket"]["name"], record["s3"]["object"]["key"]) == ("files", "a/b.txt")
    (tmp_path / "item.json").write_text('{"id": 1}')
    (record,) = event("--kind", "dynamodb", "-d", f"@{tmp_path / 'item.json'}")["Records"]
    assert record["dynamodb"]["NewImage"] == {"id": {"N": "1"}}
    assert event("--kind", "eventbridge", "-d", '{"a": 1}')["detail"] == {"a": 1}
    assert event("--kind", "schedule", "-d", '{"a": 1}') == {"a": 1}


# What cannot be


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["GET"], "say the method and the URL of a request, for example: bridge event GET /items"),
        ([], "say the method and the URL of a request"),
        (["POST", "/", "-d", "a", "-d", "b"], "a request has one body; more than one -d is for --kind"),
        (["GET", "--kind", "sqs"], "--kind sqs is no request: 'GET' is one word too many"),
        (["--kind", "dynamodb", "-d", "x"], "an item of a table is a JSON object, not 'x'"),
        (["--api", "websocket"], "is CONNECT, MESSAGE or DISCONNECT, not None"),
        (["GET", "/", "--api", "websocket"], "is CONNECT, MESSAGE or DISCONNECT, not 'GET'"),
        (["CONNECT", "/dev/x", "--api", "websocket"], "is its stage, one segment, unlike '/dev/x'"),
        (["CONNECT", "wss://[", "--api", "websocket"], "'wss://[' is no URL: "),
    ],
)
def test_what_cannot_be_made_is_said_in_a_line(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["event", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("bridge event: ")
    assert text in line


def test_a_kind_that_is_not_made_here_is_refused_with_those_that_are(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["event", "--kind", "aws:ses"])
    assert "'sqs', 'sns'" in capsys.readouterr().err
