"""The chat: behind both of its APIs in processes, with real clients and a browser; and its corners, without them."""

import json
import re
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from fastapi.testclient import TestClient
from websockets.sync.client import ClientConnection, connect

from bridge import Bridge
from bridge.gateway import Gateway
from bridge.websocket import Connections, MemoryStore, Store
from examples.chat import app as example

from ..frameworks.client import Client
from ..frameworks.events import HTTP_V2
from ..gateway.serving import serving
from ..websocket.api import ENDPOINT, Api, Client as Caller
from .browser import CHROMIUM, Browser, Page, browsing

FOLDER = Path(example.__file__).parent
SECONDS = 20
"""The longest anything is waited for."""

BURST = 30
"""Messages that each user sends without waiting: two of these are more than a room remembers."""


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags, which are left out."""


Loader.add_multi_constructor("!", lambda loader, tag, node: loader.construct_scalar(node))
RESOURCES = yaml.load((FOLDER / "template.yaml").read_text(encoding="utf-8"), Loader)["Resources"]


@pytest.fixture(autouse=True)
def _no_local_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    """What tests of the gateway lend to the environment would be taken for this app's endpoint."""
    for name in ("BRIDGE_MANAGEMENT_ENDPOINT", "AWS_REGION"):
        monkeypatch.delenv(name, raising=False)


class User:
    """Somebody with a WebSocket client."""

    def __init__(self, client: ClientConnection) -> None:
        self._client = client

    def send(self, **message: object) -> None:
        self._client.send(json.dumps(message))

    def next(self) -> dict[str, Any]:
        """The next message that comes."""
        message: dict[str, Any] = json.loads(self._client.recv(timeout=SECONDS))
        return message

    def until(self, text: str) -> list[dict[str, Any]]:
        """The messages that come before one with this text, and that one."""
        found = [self.next()]
        while found[-1].get("text") != text:
            found.append(self.next())
        return found

    def leave(self) -> None:
        self._client.close()


class Chat:
    """The chat, as it is being served.

    Attributes:
        url: of the page.
        websocket_url: where WebSocket clients connect.
    """

    def __init__(self, url: str, websocket_url: str) -> None:
        self.url = url
        self.websocket_url = websocket_url
        self._http = httpx.Client(base_url=url, timeout=SECONDS)

    @contextmanager
    def user(self, room: str, name: str) -> Iterator[User]:
        """Somebody who has joined a room and has been told."""
        with connect(self.websocket_url, open_timeout=SECONDS, close_timeout=SECONDS) as client:
            user = User(client)
            user.send(type="join", room=room, name=name)
            welcome = user.next()
            assert (welcome["type"], welcome["room"], welcome["name"]) == ("welcome", room, name)
            assert name in [person["name"] for person in welcome["here"]]
            yield user

    def get(self, path: str) -> Any:
        response = self._http.get(path)
        assert response.status_code == 200
        return response.json()

    def announce(self, room: str, text: str) -> dict[str, Any]:
        response = self._http.post(f"rooms/{room}/announcements", json={"text": text})
        assert response.status_code == 201
        answer: dict[str, Any] = response.json()
        return answer

    def people(self, room: str) -> list[str]:
        return sorted(person["name"] for person in self.get(f"rooms/{room}/people"))

    def close(self) -> None:
        self._http.close()


@pytest.fixture(scope="module", params=[3, 1], ids=lambda count: f"{count} processes")
def chat(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """The chat behind its two APIs, each with so many processes. Every test has a room of its own."""
    file = str(tmp_path_factory.mktemp("chat") / "chat.db")
    arguments = "examples.chat.app:handler", "--processes", str(request.param), "--api"
    both: Any = {"CHAT_FILE": file, "BRIDGE_LOCAL_SECRET": "of these two"}
    with serving(*arguments, "websocket", **both) as sockets:
        websocket_url = sockets.wait_for(r"ws://\S+")
        endpoint = websocket_url.replace("ws", "http", 1)
        with serving(*arguments, "http", BRIDGE_MANAGEMENT_ENDPOINT=endpoint, **both) as pages:
            chat = Chat(pages.url, websocket_url)
            yield chat
            chat.close()


def test_of_two_bursts_at_once_everything_arrives_at_both_and_once(chat: Chat) -> None:
    with chat.user("burst", "Anna") as anna, chat.user("burst", "Ben") as ben:
        assert anna.next()["type"] == "joined"
        said = {("Anna", f"Anna {number}") for number in range(BURST)} | {("Ben", f"Ben {n}") for n in range(BURST)}

        def talk(user: User, name: str) -> None:
            for number in range(BURST):
                user.send(type="say", text=f"{name} {number}")

        threads = [threading.Thread(target=talk, args=each) for each in ((anna, "Anna"), (ben, "Ben"))]
        for thread in threads:
            thread.start()
        heard = [[user.next() for _ in range(2 * BURST)] for user in (anna, ben)]
        for thread in threads:
            thread.join()

        assert chat.announce("burst", "that is all") == {"number": 2 * BURST + 1, "reached": 2}
        for messages, user in zip(heard, (anna, ben), strict=True):
            messages += user.until("that is all")
            assert Counter((message["name"], message["text"]) for message in messages) == Counter(
                [*said, (None, "that is all")]
            )
            assert {message["type"] for message in messages} == {"said"}
        heard = [sorted(messages, key=lambda message: message["number"]) for messages in heard]
        assert [message["number"] for message in heard[0]] == list(range(1, 2 * BURST + 2))
        assert heard[0] == heard[1]
        assert chat.get("rooms/burst/history") == heard[0][-example.HISTORY :]


def test_who_comes_and_goes_is_announced_once_and_listed_as_long(chat: Chat) -> None:
    with chat.user("door", "Anna") as anna, chat.user("other", "Zoe") as zoe:
        with chat.user("door", "Ben") as ben:
            assert chat.people("door") == ["Anna", "Ben"]
        joined, left = anna.next(), anna.next()
        assert joined == {"type": "joined", "room": "door", "id": joined["id"], "name": "Ben"}
        assert left == {"type": "left", "room": "door", "id": joined["id"], "name": "Ben"}
        assert chat.people("door") == ["Anna"]
        assert chat.announce("door", "closed")["reached"] == 1
        assert [message["text"] for message in anna.until("closed")] == ["closed"]
        assert chat.announce("other", "open")["reached"] == 1
        assert [message["text"] for message in zoe.until("open")] == ["open"]
        ben.leave()


def test_somebody_goes_from_room_to_room(chat: Chat) -> None:
    with chat.user("first", "Anna") as anna, chat.user("second", "Zoe") as zoe, chat.user("first", "Ben") as ben:
        assert anna.next()["type"] == "joined"
        ben.send(type="join", room="second", name="Benjamin")
        assert {person["name"] for person in ben.next()["here"]} == {"Benjamin", "Zoe"}
        assert (anna.next()["name"], zoe.next()["name"]) == ("Ben", "Benjamin")
        ben.send(type="say", text="hello")
        assert [(message["name"], message["text"]) for message in zoe.until("hello")] == [("Benjamin", "hello")]
        assert ben.next()["text"] == "hello"
        assert (chat.people("first"), chat.people("second")) == (["Anna"], ["Benjamin", "Zoe"])
        assert chat.announce("first", "quiet here")["reached"] == 1
        assert [message["text"] for message in anna.until("quiet here")] == ["quiet here"]


# In a browser


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"there is no Chromium at {CHROMIUM}")
    with browsing(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


def test_two_people_talk_in_a_browser(chat: Chat, browser: Browser) -> None:
    evil = "<img src=x onerror=alert(1)>"
    with browser.page(chat.url) as anna, browser.page(chat.url) as eve:
        for page, name in ((anna, "Anna"), (eve, evil)):
            page.type("[name=name]", name)
            page.type("[name=room]", "tea")
            page.value("document.querySelector('#join button').click()")
            page.wait_for("document.title == 'tea – Chat'")
        for page, text in ((anna, "Hello!"), (eve, "<script>alert(2)</script>")):
            page.type("[name=text]", text)
            page.value("document.querySelector('#say button').click()")
            assert page.value("document.querySelector('[name=text]').value") == ""
        for page in (anna, eve):
            page.wait_for("document.querySelectorAll('#talk [data-number]').length == 2")
        chat.announce("tea", "Six o'clock")
        for page in (anna, eve):
            page.wait_for("document.querySelectorAll('#talk [data-number]').length == 3")
            page.wait_for("document.querySelectorAll('#people li').length == 2")
            assert shown(page, "#people li") == [evil, "Anna"]
            assert page.value("document.images.length + document.querySelectorAll('#talk script').length") == 0
        messages = shown(anna, "#talk [data-number]")
        assert messages == shown(eve, "#talk [data-number]")
        assert Counter(messages[:2]) == Counter(["Anna Hello!", f"{evil} <script>alert(2)</script>"])
        assert messages[2] == "Six o'clock"
        eve.do("Page.navigate", url="about:blank")
        anna.wait_for("document.querySelectorAll('#people li').length == 1")
        assert shown(anna, "#talk .notice") == [f"{evil} has joined", f"{evil} has left"]
        with browser.page(chat.url + "#tea") as late:
            late.type("[name=name]", "Late")
            late.value("document.querySelector('#join button').click()")
            late.wait_for("document.querySelectorAll('#talk [data-number]').length == 3")
            assert shown(late, "#talk [data-number]") == messages
            late.type("[name=room]", "coffee")
            late.value("document.querySelector('#join button').click()")
            late.wait_for("document.title == 'coffee – Chat'")
            late.wait_for("document.querySelectorAll('#people li').length == 1")
            assert shown(late, "#talk li") == []
            anna.wait_for("document.querySelectorAll('#talk .notice').length == 4")
            assert shown(anna, "#talk .notice")[2:] == ["Late has joined", "Late has left"]
            anna.type("[name=room]", "coffee")
            anna.value("document.querySelector('#join button').click()")
            anna.wait_for("document.querySelectorAll('#people li').length == 2")
            assert shown(anna, "#people li") == ["Anna", "Late"]


def shown(page: Page, selector: str) -> list[str]:
    """The texts of elements, without the time of day."""
    elements = f"[...document.querySelectorAll({json.dumps(selector)})]"
    texts: list[str] = page.value(
        f"{elements}.map(e => [...e.childNodes].filter(n => n.nodeName != 'TIME').map(n => n.textContent).join(''))"
    )
    return texts


# Without sockets


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Api:
    return api_of(MemoryStore(), monkeypatch)


def api_of(store: Store, monkeypatch: pytest.MonkeyPatch) -> Api:
    """The app's WebSocket API, over a store."""
    api = Api()
    connections = Connections(store, clients=api.client, endpoint_url=ENDPOINT)
    monkeypatch.setattr(example, "store", store)
    monkeypatch.setattr(example, "connections", connections)
    handler = Bridge(example.app, websocket_path="/talk", connections=connections, lifespan="off")
    api.handlers = iter(lambda: handler, None)
    return api


def joined(api: Api, name: str, room: str = "tea") -> Caller:
    caller = api.connect()
    caller.say(json.dumps({"type": "join", "room": room, "name": name}))
    return caller


def told(caller: Caller) -> list[dict[str, Any]]:
    """What somebody has been told, the welcome left out."""
    messages = [json.loads(text) for text in caller.received]
    return [message for message in messages if message["type"] != "welcome"]


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ("{", 'expected JSON: {"type": "join", "room": ..., "name": ...} or {"type": "say", "text": ...}'),
        ("[]", 'expected JSON: {"type": "join", "room": ..., "name": ...} or {"type": "say", "text": ...}'),
        ('{"type": 5}', 'expected JSON: {"type": "join", "room": ..., "name": ...} or {"type": "say", "text": ...}'),
        ('{"type": "say", "text": "\\ud800"}', None),
        ('{"type": "say"}', "expected text: 1 to 1000 characters"),
        ('{"type": "say", "text": " \\n"}', "expected text: 1 to 1000 characters"),
        (json.dumps({"type": "say", "text": "x" * 1001}), "expected text: 1 to 1000 characters"),
        ('{"type": "join", "room": "tea"}', "expected name: 1 to 32 characters that can be seen"),
        (
            '{"type": "join", "room": "a b", "name": "\\u202e"}',
            "expected room: 1 to 32 letters, digits, _ or -; name: 1 to 32 characters that can be seen",
        ),
        (json.dumps({"type": "join", "room": "x" * 33, "name": "A"}), "expected room: 1 to 32 letters, digits, _ or -"),
        ('{"type": "say", "text": "hello"}', "join a room first"),
    ],
)
def test_what_cannot_be_understood_is_answered(api: Api, body: str, error: str | None) -> None:
    caller = api.connect()
    assert caller.send(body) == 200
    (answer,) = told(caller)
    assert answer["type"] == "error"
    assert answer["error"].startswith("expected JSON") if error is None else answer["error"] == error
    assert not caller.closed


def test_to_join_again_is_no_news(api: Api) -> None:
    anna, ben = joined(api, "Anna"), joined(api, "Ben")
    ben.say('{"type": "join", "room": "tea", "name": "Ben"}')
    assert [message["type"] for message in told(anna)] == ["joined"]
    assert [json.loads(text)["type"] for text in ben.received] == ["welcome", "welcome"]


def test_a_client_that_has_left_without_a_word_is_found_out_and_then_it_is_news_once(api: Api) -> None:
    anna, ben = joined(api, "Anna"), joined(api, "Ben")
    ben.open = False  # no DISCONNECT
    anna.say('{"type": "say", "text": "hello?"}')
    assert [message["type"] for message in told(anna)] == ["joined", "said", "left"]
    ben.leave()
    assert len(told(anna)) == 3
    assert [person["name"] for person in json.loads(joined(api, "Zoe").received[0])["here"]] == ["Anna", "Zoe"]


def test_a_room_that_is_full_takes_nobody(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(example, "CROWD", 1)
    anna, ben = joined(api, "Anna"), joined(api, "Ben")
    assert [message["error"] for message in told(ben)] == ["this room is full"]
    assert told(anna) == []


def test_what_others_keep_from_being_written_is_not_said(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    class Contended(MemoryStore):
        def put(self, key: str, sort: str, value: Any, *, version: int, expires: int) -> bool:
            return not key.startswith("history#") and super().put(key, sort, value, version=version, expires=expires)

    monkeypatch.setattr(example, "ATTEMPTS", 2)
    anna = joined(api_of(Contended(), monkeypatch), "Anna")
    anna.say('{"type": "say", "text": "hello"}')
    assert [message["error"] for message in told(anna)] == ["too many are talking at once: that was not said"]
    response = TestClient(Gateway(example.handler)).post("/rooms/tea/announcements", json={"text": "hello"})
    assert (response.status_code, response.json()["detail"]) == (503, "too many are talking at once: that was not said")


def test_two_messages_at_once_that_both_join(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    anna, ben = joined(api, "Anna"), api.connect()
    join, other = example.join, ben.message('{"type": "join", "room": "coffee", "name": "Ben"}')

    async def overtaken(me: Any, room: str, name: str) -> bool:
        monkeypatch.setattr(example, "join", join)
        handler: Bridge = next(iter(api.handlers))  # type: ignore[assignment]
        await handler.handle_async(other)
        return await join(me, room, name)

    monkeypatch.setattr(example, "join", overtaken)
    ben.say('{"type": "join", "room": "tea", "name": "Ben"}')
    assert [json.loads(text)["type"] for text in ben.received] == ["welcome", "error"]
    assert told(anna) == []


def test_the_template_s_table_does(dynamodb: Any, dynamodb_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = RESOURCES["App"]["Properties"]["Environment"]["Variables"]
    properties = dict(RESOURCES[variables["CHAT_TABLE"]]["Properties"])
    ttl = properties.pop("TimeToLiveSpecification")
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-west-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL_DYNAMODB", dynamodb_url)
    dynamodb.create_table(TableName="chat", **properties)
    dynamodb.update_time_to_live(TableName="chat", TimeToLiveSpecification=ttl)
    api = api_of(example.store_of({"CHAT_TABLE": "chat"}), monkeypatch)
    anna, ben = joined(api, "Anna"), joined(api, "Ben")
    anna.say('{"type": "say", "text": "hello"}')
    ben.leave()
    assert [message["type"] for message in told(anna)] == ["joined", "said", "left"]
    assert [message["text"] for message in told(ben)] == ["hello"]
    items = dynamodb.scan(TableName="chat")["Items"]
    assert all(ttl["AttributeName"] in item for item in items)


# HTTP


def test_the_page_knows_where_to_connect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI", 'https://a1.execute-api.us-east-1.aws/"prod"')
    page = TestClient(Gateway(example.handler, api="http", stage="live"), base_url="http://testserver/live/").get("")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert 'data-websocket="wss://a1.execute-api.us-east-1.aws/&quot;prod&quot;" data-root="/live"' in page.text
    monkeypatch.setenv("BRIDGE_MANAGEMENT_ENDPOINT", "http://127.0.0.1:8001/dev")
    assert 'data-websocket="ws://127.0.0.1:8001/dev" data-root=""' in TestClient(Gateway(example.handler)).get("/").text


@pytest.mark.parametrize("room", ["a b", "a%2Fb", "x" * 33])
def test_a_room_that_cannot_be_is_refused(room: str) -> None:
    assert Client(example.handler, HTTP_V2).get(f"/rooms/{room}/history").status in (404, 422)


def test_the_folder_is_lambda_s_code_root(tmp_path: Path) -> None:
    event = HTTP_V2.event("GET", "/rooms/tea/history")
    code = f"from app import handler; print(handler({event!r}, None)['body'])"
    environment = {"CHAT_FILE": str(tmp_path / "chat.db")}
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code],
        cwd=FOLDER,
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert (finished.stdout, finished.stderr) == ("[]\n", "")


def test_the_template_leads_every_route_to_the_handler() -> None:
    module, _, name = RESOURCES["App"]["Properties"]["Handler"].partition(".")
    assert (FOLDER / f"{module}.py").exists()
    assert isinstance(getattr(example, name), Bridge)
    routes = [r["Properties"] for r in RESOURCES.values() if r["Type"] == "AWS::ApiGatewayV2::Route"]
    assert {route["RouteKey"] for route in routes} == {"$connect", "$default", "$disconnect"}
    assert {route["Target"] for route in routes} == {"integrations/${Integration}"}
    assert "${App.Arn}" in RESOURCES["Integration"]["Properties"]["IntegrationUri"]
    stage = RESOURCES["Stage"]["Properties"]["StageName"]
    url = RESOURCES["App"]["Properties"]["Environment"]["Variables"]["AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"]
    assert re.fullmatch(r"https://\$\{Sockets\}\.execute-api\..+/" + stage, url)
