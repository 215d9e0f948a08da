"""Requests and events that are sent once more."""

import json
from typing import Any

import pytest
from starlette.testclient import TestClient

from bridge.gateway import Gateway, WebSocketGateway
from bridge.gateway._inspector import PATH, Inspector, recording

from .inspected import BASE, OWN, behind, inspecting

APIS = {
    ("http", "2.0"): lambda event: event["rawPath"],
    ("http", "1.0"): lambda event: event["path"],
    ("rest", "2.0"): lambda event: event["path"],
    ("url", "2.0"): lambda event: event["rawPath"],
    ("alb", "2.0"): lambda event: event["path"],
    ("lattice", "2.0"): lambda event: event["path"],
    ("lattice", "1.0"): lambda event: event["raw_path"],
    ("edge", "2.0"): lambda event: event["Records"][0]["cf"]["request"]["uri"],
}


def counting(events: list[Any]) -> Any:
    def handler(event: Any, context: Any) -> Any:
        events.append(event)
        status = {"status": "200"} if "Records" in event else {"statusCode": 200 + len(events)}
        return {**status, "body": "tea"}

    return handler


def test_a_request_takes_the_same_way_once_more() -> None:
    events: list[Any] = []
    with behind(counting(events), stage="prod") as asked:
        asked.client.post("/prod/tea%2F?a=%20", content=b"\xff\x00", headers={"x-name": "Zoë".encode()})
        again = asked.replay(1)
        third = asked.replay(again["number"])
    assert (again["status"], again["replayed"], third["replayed"]) == (202, 1, 2)
    first, second, _ = events
    for each in (first, second):
        del each["requestContext"], each["headers"]["x-amzn-trace-id"]
    assert first == second
    assert first["headers"]["x-name"] == "Zoë"
    assert (again["target"], again["api"]) == ("/prod/tea%2F?a=%20", "HTTP API stage=prod")


@pytest.mark.parametrize(("api", "payload"), APIS)
def test_a_request_goes_through_another_api(api: str, payload: str) -> None:
    events: list[Any] = []
    with behind(counting(events), stage="prod") as asked:
        asked.client.get("/prod/tea")
        again = asked.replay(1, api=api, payload=payload)
    assert again["status"] < 300, again
    path = APIS[api, payload](events[1])
    assert path == ("/prod/tea" if api == "http" else "/tea"), events[1]
    assert ("payload=1.0" in again["api"]) == (payload == "1.0")


def test_the_stage_s_path_itself_becomes_the_root() -> None:
    events: list[Any] = []
    with behind(counting(events), stage="prod") as asked:
        asked.client.get("/prod")
        asked.replay(1, api="url")
    assert events[1]["rawPath"] == "/"


def test_what_came_to_no_function_goes_through_no_other_api() -> None:
    with behind(counting([]), stage="prod") as asked:
        asked.client.get("/tea")
        answer = asked.client.post(PATH + "requests/1/replay", json={"api": "url"}, headers=OWN)
        assert "no function was invoked" in answer.json()["message"]
        assert asked.replay(1)["status"] == 404


def test_an_event_is_sent_once_more() -> None:
    events: list[Any] = []
    with behind(counting(events)) as asked:
        asked.client.get("/tea")
        again = asked.replay(1, invocation=0)
    assert events[0] == events[1]
    assert (again["method"], again["status"], again["snippets"]) == ("EVENT", None, {})
    assert json.loads(again["invocations"][0]["result"]["text"])["statusCode"] == 202


def fails(event: Any, context: Any) -> Any:
    raise RuntimeError("no tea left")


def test_an_event_that_fails_once_more_is_there() -> None:
    with behind(fails) as asked:
        asked.client.get("/tea")
        again = asked.replay(1, invocation=0)
    assert again["failed"]
    assert "no tea left" in again["invocations"][0]["error"]


def test_what_is_not_whole_is_not_sent_once_more() -> None:
    with behind(lambda event, context: {"statusCode": 200}) as asked:
        asked.client.post("/", content=b"x" * (recording.LIMIT + 1))
        for body, said in (({}, "body is too long"), ({"invocation": 0}, "event is too long")):
            answer = asked.client.post(PATH + "requests/1/replay", json=body, headers=OWN)
            assert answer.status_code == 400
            assert said in answer.json()["message"]


def test_a_connection_is_no_request() -> None:
    with inspecting(WebSocketGateway(lambda event, context: {"statusCode": 200})) as asked:
        with asked.client.websocket_connect("/dev"):
            pass
        asked.ended(method="WEBSOCKET")
        answer = asked.client.post(PATH + "requests/1/replay", json={}, headers=OWN)
    assert "each of its events" in answer.json()["message"]


async def endless(scope: Any, receive: Any, send: Any) -> None:
    import asyncio

    if scope["type"] == "lifespan":
        await receive()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body"})
    if scope["client"] == ("127.0.0.1", 0):
        ended.append("begun")
        try:
            await asyncio.sleep(100)
        finally:
            ended.append("ended")


ended: list[str] = []


def test_what_is_still_being_sent_ends_with_the_server() -> None:
    inspector = Inspector("main:app")
    with TestClient(inspector.before(endless), BASE, client=("127.0.0.1", 5000)) as client:
        client.get("/")
        assert client.post(PATH + "requests/1/replay", headers=OWN).status_code == 202
        while "begun" not in ended:
            client.get(PATH)
    assert ended == ["begun", "ended"]


def test_the_gateway_takes_a_function_that_is_there() -> None:
    gateway = Gateway(lambda event, context: {"statusCode": 200, "body": "tea"})
    assert TestClient(Gateway(gateway._function, api="rest")).get("/").text == "tea"
