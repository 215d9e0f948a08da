"""What endpoints of the usual frameworks do behind a WebSocket API, in one instance of a function and in several."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any

import anyio
import pytest
from fastapi import Depends, FastAPI, HTTPException, WebSocket, WebSocketDisconnect, WebSocketException
from starlette.applications import Starlette
from starlette.endpoints import WebSocketEndpoint
from starlette.routing import WebSocketRoute

from bridge import AppError
from bridge.websocket import MemoryStore, connection, suspending

from .api import Api, RefusedError, api_of

Endpoint = Callable[[WebSocket], Awaitable[None]]


@pytest.fixture(params=[1, 2], ids=["one instance", "two instances in turn"])
def instances(request: pytest.FixtureRequest) -> int:
    number: int = request.param
    return number


@pytest.fixture
def serve(instances: int) -> Callable[..., Api]:
    """An API in front of a Starlette app with one endpoint."""

    def api(endpoint: Any, **options: Any) -> Api:
        return api_of(Starlette(routes=[WebSocketRoute("/", endpoint)]), instances=instances, **options)

    return api


Serve = Callable[..., Api]


def test_echo(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            await websocket.send_text(await websocket.receive_text())

    client = serve(endpoint).connect()
    assert client.say("a", "b", "c") == ["a", "b", "c"]
    assert client.leave() == 200
    assert not client.closed


def test_echo_without_a_store(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        async for text in websocket.iter_text():
            await websocket.send_text(text)

    client = serve(endpoint, kept=False).connect()
    assert client.say("a", "b", "c") == ["a", "b", "c"]
    assert client.leave() == 200


def test_counter_a_local_variable_begins_anew_with_every_message(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        count = 0
        while True:
            await websocket.receive_text()
            count += 1
            await websocket.send_text(str(count))

    assert serve(endpoint).connect().say("x", "x", "x") == ["1", "1", "1"]


def test_attachment_goes_from_message_to_message(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        mine = connection(websocket)
        while True:
            await websocket.receive_text()
            await mine.set_attachment({"count": (mine.attachment or {"count": 0})["count"] + 1})
            await websocket.send_json(mine.attachment)

    api = serve(endpoint)
    one, other = api.connect(), api.connect()
    assert one.say("x", "x", "x") == ['{"count":1}', '{"count":2}', '{"count":3}']
    assert other.say("x") == ['{"count":1}']


def test_attachment_of_connect_is_there_in_messages_and_at_the_end(serve: Serve) -> None:
    ended: list[object] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        mine = connection(websocket)
        if mine.attachment is None:
            await mine.set_attachment(websocket.query_params["user"])
        try:
            while True:
                await websocket.receive_text()
                await websocket.send_text(mine.attachment)
        except WebSocketDisconnect:
            ended.append(mine.attachment)

    client = serve(endpoint).connect(query=[("user", "ann")])
    assert client.say("x") == ["ann"]
    client.leave()
    assert ended == ["ann"]


def test_json_and_several_sends_for_a_message(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            value = await websocket.receive_json()
            await websocket.send_json({"got": value})
            await websocket.send_json([value, "again"])

    client = serve(endpoint).connect()
    assert client.say('{"a": "é"}') == ['{"got":{"a":"é"}}', '[{"a":"é"},"again"]']


def test_bad_json_is_a_500_and_closes(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_json()

    client = serve(endpoint).connect()
    assert client.send("{") == 500
    assert client.closed
    assert "JSONDecodeError" in caplog.text


def test_silent_an_app_that_never_answers_does_not_hang(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            await websocket.receive_text()

    client = serve(endpoint).connect()
    assert client.say("a", "b") == []
    assert client.leave() == 200


def test_greet_comes_once_and_before_the_first_reply(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("welcome")
        await websocket.send_text("to you")
        while True:
            await websocket.send_text(await websocket.receive_text())

    client = serve(endpoint).connect()
    assert client.received == []
    assert client.say("a", "b", "c") == ["welcome", "to you", "a", "b", "c"]
    client.leave()
    assert client.received == ["welcome", "to you", "a", "b", "c"]


def test_greet_without_a_store_is_dropped_and_the_log_says_so_once(
    serve: Serve, instances: int, caplog: pytest.LogCaptureFixture
) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("welcome")
        while True:
            await websocket.send_text(await websocket.receive_text())

    api = serve(endpoint, kept=False)
    clients = [api.connect() for _ in range(4)]
    assert caplog.text.count("it is dropped") == instances
    assert clients[0].say("a", "b") == ["a", "b"]


def test_deny(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.close(1008)

    with pytest.raises(RefusedError) as refused:
        serve(endpoint).connect()
    assert refused.value.result == {"statusCode": 403}


def test_deny_a_path_that_the_app_does_not_have(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(RefusedError) as refused:
        serve(lambda websocket: None, websocket_path="/elsewhere").connect()
    assert refused.value.status in (403, 404)
    assert "path was '/elsewhere', which Bridge(websocket_path=...) sets" in caplog.text


def test_http_exception_refuses_with_its_status_headers_and_text(instances: int) -> None:
    app = FastAPI()

    def user(websocket: WebSocket) -> None:
        raise HTTPException(401, "who are you?", headers={"WWW-Authenticate": "Bearer"})

    @app.websocket("/")
    async def endpoint(websocket: WebSocket, user: Annotated[None, Depends(user)]) -> None:
        raise AssertionError

    with pytest.raises(RefusedError) as refused:
        api_of(app, instances=instances).connect()
    assert refused.value.result == {
        "statusCode": 401,
        "headers": {"content-type": "application/json", "www-authenticate": "Bearer"},
        "body": '{"detail":"who are you?"}',
        "isBase64Encoded": False,
    }


def test_websocket_exception_refuses(instances: int) -> None:
    app = FastAPI()

    @app.websocket("/")
    async def endpoint(websocket: WebSocket) -> None:
        raise WebSocketException(1008)

    with pytest.raises(RefusedError) as refused:
        api_of(app, instances=instances).connect()
    assert refused.value.status == 403


def test_crash_at_connect_is_a_500(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        raise ZeroDivisionError("at connect")

    with pytest.raises(RefusedError) as refused:
        serve(endpoint).connect()
    assert refused.value.result == {"statusCode": 500}
    assert "ZeroDivisionError: at connect" in caplog.text


def test_subprotocol_is_answered_and_known_to_every_message(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept(websocket.scope["subprotocols"][1], headers=[(b"x-probe", b"1")])
        while True:
            await websocket.receive_text()
            await websocket.send_json(websocket.scope["subprotocols"])

    client = serve(endpoint).connect(headers=[("Sec-WebSocket-Protocol", "chat.v1, chat.v2")])
    assert client.result == {"statusCode": 200, "headers": {"x-probe": "1", "Sec-WebSocket-Protocol": "chat.v2"}}
    assert client.say("x") == ['["chat.v1","chat.v2"]']


def test_send_bytes_is_an_error_that_says_what_to_do(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.send_bytes(b"\xff\x00")

    client = serve(endpoint).connect()
    assert client.send("x") == 500
    assert "Bridge(app, websocket_binary='base64')" in caplog.text
    assert client.received == []


def test_send_bytes_as_base64(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_bytes(b"greeting")
        while True:
            await websocket.receive_text()
            await websocket.send_bytes(b"\xff\x00")

    assert serve(endpoint, websocket_binary="base64").connect().say("x") == ["Z3JlZXRpbmc=", "/wA="]


def test_binary_in_arrives_as_bytes(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        while True:
            await websocket.send_text((await websocket.receive_bytes()).hex())

    client = serve(endpoint).connect()
    assert client.send(b"\xff\x00") == 200
    assert client.received == ["ff00"]


def test_a_message_that_is_too_large_is_an_error(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.send_text("é" * 65_537)

    client = serve(endpoint).connect()
    assert client.send("x") == 500
    assert "MessageTooLargeError" in caplog.text


def test_a_greeting_that_is_too_large_is_an_error(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("é" * 65_537)

    with pytest.raises(RefusedError) as refused:
        serve(endpoint).connect()
    assert refused.value.status == 500
    assert "131,072" in caplog.text


def test_crash_closes_and_is_a_500(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    ended: list[str] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
            raise ZeroDivisionError("at work")
        except WebSocketDisconnect:
            ended.append("told")

    client = serve(endpoint).connect()
    assert client.send("x") == 500
    assert client.closed
    assert "ZeroDivisionError: at work" in caplog.text
    assert client.leave() == 200
    assert ended == []


def test_crash_reaches_lambda_if_errors_are_to_be_raised(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        raise ZeroDivisionError

    client = serve(endpoint, errors="raise").connect()
    with pytest.raises(ZeroDivisionError):
        client.send("x")
    assert client.closed


def test_once_an_app_that_returns_closes(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text(await websocket.receive_text())

    client = serve(endpoint).connect()
    assert client.say("a") == ["a"]
    assert client.closed
    assert client.leave() == 200
    assert client.send("late") == 200
    assert client.received == ["a"]


def test_close_4001_closes_but_the_code_stays_here(serve: Serve) -> None:
    seen: list[Any] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.receive_text()
        await websocket.close(4001, "enough")
        seen.append(await websocket.receive())

    client = serve(endpoint).connect()
    assert client.send("x") == 200
    assert client.closed
    assert seen == [{"type": "websocket.disconnect", "code": 4001, "reason": "enough"}]


def test_close_at_connect_refuses(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        await websocket.send_text("no")
        await websocket.close(4001)
        await websocket.receive()

    with pytest.raises(RefusedError) as refused:
        serve(endpoint).connect()
    assert refused.value.status == 403
    assert "closed it or ended before it asked for a message" in caplog.text


def test_clean_up_runs_with_every_event_and_the_goodbye_once(serve: Serve) -> None:
    ended: list[object] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect as goodbye:
            ended.append((goodbye.code, goodbye.reason))
        except Exception as error:
            ended.append(error)
        finally:
            await asyncio.sleep(0)
            ended.append("suspending" if suspending(websocket) else "over")
            if suspending(websocket):
                await websocket.send_text("not to be sent")
                await websocket.close()

    client = serve(endpoint).connect()
    assert client.say("a", "b") == ["a", "b"]
    assert ended == ["suspending"] * 3
    client.leave(1001, "going")
    assert ended[3:] == [(1001, "going"), "over"]
    assert client.received == ["a", "b"]


@pytest.mark.parametrize(("code", "reason", "expected"), [(None, None, (1005, "")), (1000, None, (1000, ""))])
def test_clean_up_knows_the_code_if_the_event_does(
    serve: Serve, code: int | None, reason: str | None, expected: tuple[int, str]
) -> None:
    ended: list[object] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        message = await websocket.receive()
        ended.append((message["code"], message["reason"]))

    serve(endpoint).connect().leave(code, reason)
    assert ended == [expected]


def test_clean_up_that_closes_after_the_client_has_left_is_no_error(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        finally:
            await websocket.close()

    assert serve(endpoint).connect().leave() == 200


def test_clean_up_that_fails_is_an_error(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        finally:
            raise ZeroDivisionError("in finally")

    with pytest.raises(RefusedError):
        serve(endpoint).connect()
    assert "in finally" in caplog.text


def test_websocket_endpoint(serve: Serve) -> None:
    goodbyes: list[object] = []

    class Echo(WebSocketEndpoint):
        encoding = "text"

        async def on_receive(self, websocket: WebSocket, data: Any) -> None:
            await websocket.send_text(data)

        async def on_disconnect(self, websocket: WebSocket, close_code: int) -> None:
            goodbyes.append("suspending" if suspending(websocket) else close_code)

    client = serve(Echo).connect()
    assert client.say("a", "b") == ["a", "b"]
    client.leave(1001)
    assert goodbyes == ["suspending"] * 3 + [1001]


def test_broadcast_through_a_list_of_websockets_is_an_error_at_once(caplog: pytest.LogCaptureFixture) -> None:
    room: list[WebSocket] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        room.append(websocket)
        while True:
            text = await websocket.receive_text()
            for member in room:
                await member.send_text(text)

    client = api_of(Starlette(routes=[WebSocketRoute("/", endpoint)])).connect()
    assert client.send("a") == 500
    assert client.closed
    assert "StaleWebSocketError" in caplog.text
    assert "connections.broadcast(group, text)" in caplog.text


def reader_and_queue(work: Callable[[str], Awaitable[str]]) -> Endpoint:
    async def endpoint(websocket: WebSocket) -> None:
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def read() -> None:
            while True:
                await queue.put(await websocket.receive_text())

        async def reply() -> None:
            while True:
                await websocket.send_text(await work(await queue.get()))

        await websocket.accept()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(read())
            tasks.create_task(reply())

    return endpoint


def reader_and_stream(work: Callable[[str], Awaitable[str]]) -> Endpoint:
    async def endpoint(websocket: WebSocket) -> None:
        sending, receiving = anyio.create_memory_object_stream[str](1)

        async def read() -> None:
            async with sending:
                async for text in websocket.iter_text():
                    await sending.send(text)

        async def reply() -> None:
            async for text in receiving:
                await websocket.send_text(await work(text))

        await websocket.accept()
        async with receiving, anyio.create_task_group() as tasks:
            tasks.start_soon(read)
            tasks.start_soon(reply)

    return endpoint


def reader_and_wait(work: Callable[[str], Awaitable[str]]) -> Endpoint:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def reply() -> None:
            while True:
                await websocket.send_text(await work(await queue.get()))

        async def read() -> None:
            while True:
                queue.put_nowait(await asyncio.wait_for(websocket.receive_text(), 60))

        tasks = [asyncio.create_task(reply()), asyncio.create_task(read())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                await task
        finally:
            for task in tasks:
                task.cancel()

    return endpoint


def reader_and_gather(work: Callable[[str], Awaitable[str]]) -> Endpoint:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        queue: asyncio.Queue[str] = asyncio.Queue()

        async def reply() -> None:
            while True:
                await websocket.send_text(await work(await queue.get()))

        async def read() -> None:
            while True:
                queue.put_nowait(await websocket.receive_text())

        await asyncio.gather(read(), reply())

    return endpoint


async def at_once(text: str) -> str:
    return text


async def later(text: str) -> str:
    await asyncio.sleep(0.05)
    return text


async def in_a_thread(text: str) -> str:
    await asyncio.to_thread(asyncio.run, asyncio.sleep(0.05))
    return text


@pytest.mark.parametrize("work", [at_once, later, in_a_thread])
@pytest.mark.parametrize("pattern", [reader_and_queue, reader_and_stream, reader_and_wait, reader_and_gather])
def test_reader_and_worker(serve: Serve, pattern: Any, work: Any, caplog: pytest.LogCaptureFixture) -> None:
    client = serve(pattern(work)).connect()
    assert client.say("a", "b", "c") == ["a", "b", "c"]
    assert client.leave() == 200
    assert caplog.text == ""


def test_reader_and_worker_that_takes_longer_than_linger_is_cut_with_a_warning(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def work(text: str) -> str:
        await asyncio.sleep(60)
        return text

    client = serve(reader_and_queue(work), websocket_linger=0.05).connect()
    assert client.say("a") == []
    assert "reader_and_queue.<locals>.endpoint.<locals>.reply" in caplog.text
    assert "websocket_linger" in caplog.text


def test_ticker_sends_nothing_between_messages(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        async def tick() -> None:
            while True:
                await websocket.send_text("tick")
                await asyncio.sleep(60)

        await websocket.accept()
        ticker = asyncio.create_task(tick())
        while True:
            await websocket.send_text(await websocket.receive_text())
            assert not ticker.done()

    client = serve(endpoint, websocket_linger=0.05).connect()
    client.say("a", "b")
    assert [text for text in client.received if text != "tick"] == ["a", "b"]


def test_a_client_that_has_gone_is_an_os_error_and_the_goodbye_is_said_once(serve: Serve) -> None:
    ended: list[object] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.receive_text()
                await websocket.send_text("anybody there?")
        except WebSocketDisconnect as goodbye:
            ended.append(goodbye.code)

    client = serve(endpoint).connect()
    client.open = False
    assert client.send("x") == 200
    assert ended == [1006]
    assert client.leave() == 200
    assert ended == [1006]


def test_a_slow_app_whose_client_has_left_meanwhile_says_no_second_goodbye(serve: Serve) -> None:
    ended: list[object] = []
    clients: list[Any] = []

    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            while True:
                await websocket.receive_text()
                await asyncio.to_thread(clients[0].leave)
                await websocket.send_text("too late")
                ended.append("sent")
        except WebSocketDisconnect as goodbye:
            ended.append(goodbye.code)
        finally:
            ended.append(suspending(websocket))

    app = Starlette(routes=[WebSocketRoute("/", endpoint)])
    store = MemoryStore()
    api, other = api_of(app, store=store), api_of(app, store=store, loop_factory=lambda: asyncio.new_event_loop())
    client = api.connect()
    client._api = other
    other.clients = api.clients
    clients.append(client)
    ended.clear()
    assert api.handle(client.message("x"))["statusCode"] == 200
    assert ended == [1001, False, True]


@pytest.mark.parametrize("good", [True, False])
def test_a_dependency_with_yield_is_opened_and_closed_with_every_event(instances: int, good: bool) -> None:
    steps: list[str] = []
    app = FastAPI()

    async def session(token: str) -> AsyncIterator[str]:
        if token != "good":
            raise WebSocketException(1008)
        steps.append("open")
        try:
            yield "session"
            steps.append("commit")
        except asyncio.CancelledError:
            steps.append("cancelled")
            raise
        finally:
            steps.append("close")

    @app.websocket("/")
    async def endpoint(websocket: WebSocket, session: Annotated[str, Depends(session)]) -> None:
        await websocket.accept()
        while True:
            await websocket.send_text(session + await websocket.receive_text())

    api = api_of(app, instances=instances)
    if not good:
        with pytest.raises(RefusedError):
            api.connect(query=[("token", "bad")])
        assert steps == []
        return
    client = api.connect(query=[("token", "good")])
    assert client.say("a", "b") == ["sessiona", "sessionb"]
    assert steps == ["open", "cancelled", "close"] * 3


def test_an_exception_that_is_no_goodbye_is_an_error_even_at_the_end(
    serve: Serve, caplog: pytest.LogCaptureFixture
) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        try:
            await websocket.receive_text()
        except WebSocketDisconnect:
            raise ZeroDivisionError from None

    assert serve(endpoint).connect().leave() == 500
    assert "WebSocket DISCONNECT answered 500: ZeroDivisionError" in caplog.text


def test_goodbyes_out_of_a_task_group_are_goodbyes(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        await websocket.accept()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(websocket.receive_text())

    assert serve(endpoint).connect().leave() == 200


def test_errors_out_of_a_task_group_are_errors(serve: Serve) -> None:
    async def endpoint(websocket: WebSocket) -> None:
        async def fail() -> None:
            try:
                await websocket.receive_text()
            finally:
                raise ZeroDivisionError

        await websocket.accept()
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(fail())

    with pytest.raises(RefusedError):
        serve(endpoint).connect()


def test_an_app_that_does_nothing_is_told_so(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None: ...

    with pytest.raises(RefusedError):
        api_of(app).connect()
    assert "neither accepted nor refused" in caplog.text
    with pytest.raises(AppError):
        api_of(app, errors="raise").connect()


def test_scope_is_the_one_of_connect_in_every_event(serve: Serve) -> None:
    seen: list[dict[str, Any]] = []

    async def endpoint(websocket: WebSocket) -> None:
        seen.append({**websocket.scope})
        await websocket.accept()
        await websocket.receive_text()
        await websocket.receive_text()

    api = serve(endpoint, authorizer={"principalId": "ann"})
    client = api.connect(headers=[("Cookie", "a=1")], query=[("room", "blue & green")])
    client.say("x")
    client.leave()
    assert [scope["aws.event"]["requestContext"]["eventType"] for scope in seen] == ["CONNECT", "MESSAGE", "DISCONNECT"]
    for scope in seen:
        assert scope["query_string"] == b"room=blue+%26+green"
        assert (scope["type"], scope["scheme"], scope["path"], scope["root_path"]) == ("websocket", "wss", "/", "")
        assert dict(scope["headers"]) == {
            b"host": b"w5s0ck3t.execute-api.eu-central-1.amazonaws.com",
            b"user-agent": b"probe/1.0",
            b"cookie": b"a=1",
        }
        assert scope["client"] == ("203.0.113.7", 0)
        assert scope["server"] == ("w5s0ck3t.execute-api.eu-central-1.amazonaws.com", 443)
        assert scope["aws.event"]["requestContext"]["authorizer"] == {"principalId": "ann"}
        assert json.dumps(scope["extensions"]) == '{"websocket.http.response": {}}'
