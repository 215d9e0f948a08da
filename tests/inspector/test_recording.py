"""What the inspector knows of requests."""

import json
import logging
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

import pytest
from starlette.testclient import TestClient, WebSocketDenialResponse

from bridge import Bridge
from bridge.gateway import Gateway, Processes, WebSocketGateway, _watch as watch
from bridge.gateway._inspector import PATH, recording
from bridge.gateway._template import control
from bridge.gateway._watch import Tee, said

from .inspected import BASE, OWN, behind, inspecting

TEXT = {"content-type": "text/plain"}
NAMED = {"content-type": b"text/plain", "x-name": "Zoë".encode()}


def echo(event: Any, context: Any) -> Any:
    return {"statusCode": 201, "headers": {"x-path": event["rawPath"]}, "body": event.get("body", "none")}


def test_a_request_is_there_with_event_result_and_response() -> None:
    with behind(echo, stage="prod") as asked:
        asked.client.post("/prod/tea?milk=no", content="größer", headers=NAMED)
        (line,) = asked.list()
        shown = asked.detail(line["number"])
    assert (line["method"], line["target"], line["status"]) == ("POST", "/prod/tea?milk=no", 201)
    assert (line["api"], line["failed"], line["replayed"], line["callers"]) == ("HTTP API stage=prod", False, None, [])
    assert line["milliseconds"] > 0
    (invocation,) = shown["invocations"]
    event = json.loads(invocation["event"]["text"])
    assert (event["rawPath"], event["body"]) == ("/prod/tea", "größer")
    assert event["requestContext"]["requestId"] == invocation["request_id"]
    assert json.loads(invocation["result"]["text"])["statusCode"] == 201
    assert invocation["milliseconds"] <= line["milliseconds"]
    assert ["x-name", "Zoë"] in shown["headers"]
    assert ["x-path", "/prod/tea"] in shown["response_headers"]
    assert shown["body"] == {"text": "größer", "size": 8, "whole": True, "binary": False}
    assert shown["response_body"]["text"] == "größer"


def test_the_newest_is_first_and_only_the_last_hundred_are_kept() -> None:
    with behind(echo) as asked:
        for number in range(recording.MOST + 5):
            asked.client.get(f"/{number}")
        lines = asked.list()
        assert [line["target"] for line in lines] == [f"/{number}" for number in range(104, 4, -1)]
        assert asked.client.get(f"{PATH}requests/5").status_code == 404
        assert asked.client.post(f"{PATH}clear", headers=OWN).status_code == 200
        assert asked.list() == []


def test_the_list_is_sent_only_if_it_has_changed() -> None:
    with behind(echo) as asked:
        version = asked.client.get(f"{PATH}requests").json()["version"]
        same = asked.client.get(f"{PATH}requests", params={"version": version})
        assert (same.status_code, same.content) == (204, b"")
        asked.client.get("/")
        assert asked.client.get(f"{PATH}requests", params={"version": version}).status_code == 200


def test_long_bodies_events_and_results_are_cut() -> None:
    text = "ä" * recording.LIMIT
    with behind(lambda event, context: {"statusCode": 200, "body": event["body"]}) as asked:
        assert asked.client.post("/", content=text, headers=TEXT).text == text
        shown = asked.detail(1)
    (invocation,) = shown["invocations"]
    for cut in (shown["body"], shown["response_body"], invocation["event"], invocation["result"]):
        assert not cut["whole"]
        assert len(cut["text"].encode()) <= recording.LIMIT < cut["size"]
    assert shown["snippets"] == {}


def test_what_is_no_text_is_shown_in_hexadecimal() -> None:
    with behind(lambda event, context: {"statusCode": 200, "body": "AP8=", "isBase64Encoded": True}) as asked:
        asked.client.get("/")
        body = asked.detail(1)["response_body"]
    assert (body["text"], body["binary"], body["size"]) == ("00 ff", True, 2)


def test_a_request_that_reaches_no_function_has_no_invocation() -> None:
    with behind(echo, stage="prod") as asked:
        asked.client.get("/elsewhere")
        shown = asked.detail(1)
    assert (shown["status"], shown["invocations"], shown["failed"]) == (404, [], False)


def fails(event: Any, context: Any) -> Any:
    raise RuntimeError("no tea left")


def test_a_function_that_fails_is_there_with_its_error() -> None:
    with behind(fails) as asked:
        asked.client.get("/")
        shown = asked.detail(1)
    assert (shown["status"], shown["failed"]) == (500, True)
    assert "RuntimeError: no tea left" in shown["invocations"][0]["error"]
    assert shown["invocations"][0]["result"] is None


def slow(event: Any, context: Any) -> None:
    while context.get_remaining_time_in_millis():
        time.sleep(0.01)
    time.sleep(0.2)


def test_a_function_whose_time_is_over_is_there_and_says_so() -> None:
    with behind(slow, timeout=0.05) as asked:
        asked.client.get("/")
        shown = asked.detail(1)
    assert "its time is over" in shown["invocations"][0]["error"]


def test_the_secret_of_bridge_send_is_not_kept() -> None:
    assert control.HEADER == recording.SENDERS_HEADER
    with behind(echo) as asked:
        asked.client.get("/", headers={"X-Bridge-Send": "the secret of this run"})
        assert "the secret" not in json.dumps(asked.detail(1)["headers"])


# What functions print and log


@contextmanager
def teed() -> Iterator[None]:
    """Say what is printed and logged to the watcher, as the command does."""
    stream = logging.StreamHandler(Tee(sys.stderr, said))
    stream.setFormatter(logging.Formatter("%(levelname)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(stream)
    try:
        with redirect_stdout(Tee(sys.stdout, said)):
            yield
    finally:
        root.removeHandler(stream)


def talks(event: Any, context: Any) -> Any:
    print("printed", event["rawPath"])  # noqa: T201
    logging.getLogger("shop").warning("\x1b[31mlogged\x1b[0m %s", event["rawPath"])
    return {"statusCode": 200}


@pytest.mark.parametrize("concurrency", [1, 3])
def test_what_a_handler_prints_and_logs_is_its_invocation_s_without_colours(concurrency: int) -> None:
    with teed(), behind(talks, concurrency=concurrency) as asked:
        asked.client.get("/a")
        asked.client.get("/b")
        for number, path in ((1, "/a"), (2, "/b")):
            (invocation,) = asked.detail(number)["invocations"]
            assert invocation["log"]["text"] == f"printed {path}\nWARNING logged {path}\n"


async def talking(scope: Any, receive: Any, send: Any) -> None:
    print("printed", scope["path"])  # noqa: T201
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"a", "more_body": True})
    await send({"type": "http.response.body", "body": b"b"})


def streaming_wsgi(environ: Any, start_response: Any) -> list[bytes]:
    print("printed", environ["PATH_INFO"])  # noqa: T201
    start_response("200 OK", [])
    return [b"a", b"b"]


@pytest.mark.parametrize("app", [talking, streaming_wsgi])
def test_a_stream_is_there_as_the_response(app: Any) -> None:
    handler = Bridge(app, lifespan="off", streaming="on")
    with teed(), behind(handler, api="url", streaming=True) as asked:
        assert asked.client.get("/x").text == "ab"
        shown = asked.detail(1)
    (invocation,) = shown["invocations"]
    assert (invocation["streamed"], invocation["result"]) == (True, None)
    assert shown["response_body"]["text"] == "ab"
    assert invocation["log"]["text"] == "printed /x\n"


def test_what_the_gateway_says_is_the_request_s() -> None:
    with teed(), behind(echo, stage="prod") as asked:
        asked.client.get("/x")
        logging.getLogger("bridge.gateway").warning("nobody's")
        assert asked.detail(1)["log"]["text"] == "WARNING GET /x is not under the stage's path, /prod/\n"


def test_a_tee_is_the_stream_that_it_writes_to() -> None:
    heard: list[str] = []
    tee = Tee(sys.stdout, heard.append)
    assert tee.write("tea\n") == 4
    assert heard == ["tea\n"]
    assert tee.encoding == sys.stdout.encoding


def test_nothing_is_said_where_nobody_watches() -> None:
    assert watch.watcher is None
    said("tea")


@pytest.mark.parametrize("kind", ["result", "failure"])
def test_what_a_process_prints_and_logs_is_its_invocation_s(kind: str) -> None:
    processes = Processes("tests.inspector.printing:handler", 1)
    with inspecting(Gateway(processes)) as asked:
        asked.client.get(f"/{kind}")
        (invocation,) = asked.detail(1)["invocations"]
    text = invocation["log"]["text"]
    assert text.startswith(f"printed /{kind} \N{SNOWMAN}\n")
    assert "[WARNING]" in text
    assert f"logged /{kind}\n" in text
    assert ("no tea left" in invocation["error"]) == (kind == "failure")


# Connections, and what comes of no request


def test_a_websocket_connection_is_one_record_with_its_events() -> None:
    events = []

    def counts(event: Any, context: Any) -> Any:
        events.append(event)
        return {"statusCode": 200}

    with inspecting(WebSocketGateway(counts)) as asked:
        with asked.client.websocket_connect("/dev") as client:
            client.send_text("tea")
            while len(events) < 2:  # what a client leaves behind is not handled
                time.sleep(0.01)
        shown = asked.ended(invocations=3, method="WEBSOCKET")
        keys = [json.loads(each["event"]["text"])["requestContext"]["routeKey"] for each in shown["invocations"]]
        assert (shown["status"], keys) == (101, ["$connect", "$default", "$disconnect"])
        again = asked.replay(shown["number"], invocation=1)
    assert (again["method"], again["api"]) == ("EVENT", "")
    (invocation,) = again["invocations"]
    assert json.loads(invocation["event"]["text"])["body"] == "tea"


def test_a_connection_that_is_refused_has_its_status() -> None:
    gateway = WebSocketGateway(lambda event, context: {"statusCode": 401})
    with inspecting(gateway) as asked:
        with pytest.raises(WebSocketDenialResponse), asked.client.websocket_connect("/dev"):
            pass
        assert asked.ended(method="WEBSOCKET")["status"] == 401


def test_of_a_connection_the_last_invocations_are_kept() -> None:
    events = []

    def counts(event: Any, context: Any) -> Any:
        events.append(event)
        return {"statusCode": 200}

    gateway = WebSocketGateway(counts)
    with inspecting(gateway) as asked:
        with asked.client.websocket_connect("/dev") as client:
            for number in range(recording.MOST_INVOCATIONS + 3):
                client.send_text(str(number))
            while len(events) < recording.MOST_INVOCATIONS + 4:  # what a client leaves behind is not handled
                time.sleep(0.01)
        while len(events) < recording.MOST_INVOCATIONS + 5:
            time.sleep(0.01)
        while (shown := asked.ended(method="WEBSOCKET"))["dropped"] < 5:
            time.sleep(0.01)
    assert (len(shown["invocations"]), shown["dropped"]) == (recording.MOST_INVOCATIONS, 5)


async def test_an_invocation_that_comes_of_no_request_is_a_record_of_its_own() -> None:
    recorder = recording.Recorder()
    watch.watcher = recorder
    try:
        gateway = Gateway(lambda event, context: event)
        await gateway._function.invoke({"a": 1}, "id", 3)
    finally:
        watch.watcher = None
    (record,) = recorder.records
    assert (record.method, record.invocations[0].result) == ("EVENT", b'{"a": 1}')
    assert record.milliseconds is not None


def test_without_an_inspector_nothing_is_recorded() -> None:
    with TestClient(Gateway(echo), BASE) as client:
        assert client.get(PATH).headers["x-path"] == PATH
