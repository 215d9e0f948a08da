"""Chat rooms on Lambda. The page comes from an HTTP API, the talk goes through a WebSocket API; both are this one app.

No process has a connection, a room or a list of people of its own. All of that is in the store, so it does not matter
which of the function's processes gets an event.
"""

import os
import random
import time
from asyncio import to_thread
from html import escape
from pathlib import Path
from tempfile import gettempdir
from typing import Annotated, Any, Literal

from fastapi import FastAPI, HTTPException, Request, WebSocket, WebSocketDisconnect
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, Field, StringConstraints, TypeAdapter, ValidationError

from bridge import Bridge
from bridge.websocket import Connection, Connections, DynamoDBStore, FileStore, LostUpdateError, Store, connection

HISTORY = 50  # messages that a room remembers
HISTORY_SECONDS = 24 * 3600  # for how long it does, after the last one
CROWD = 100  # people in a room, about: a message costs one post for each of them
STAY_SECONDS = 2 * 3600 + 300  # no connection lasts longer
ATTEMPTS = 50  # to write a message, while others write theirs

# A room is named in URLs. Names have no control characters, nor those that turn the direction of text around.
EXPECTED = {
    "room": "1 to 32 letters, digits, _ or -",
    "name": "1 to 32 characters that can be seen",
    "text": "1 to 1000 characters",
}
Room = Annotated[str, StringConstraints(pattern=r"^[\p{L}\p{N}_-]{1,32}$")]
Name = Annotated[str, StringConstraints(strip_whitespace=True, pattern=r"^[^\p{C}]{1,32}$")]
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=1000)]
Message = dict[str, Any]


def store_of(environment: dict[str, str]) -> Store:
    """On AWS a DynamoDB table, on your machine a file: what several processes can share."""
    if table := environment.get("CHAT_TABLE"):
        import boto3

        return DynamoDBStore(table, client=boto3.client("dynamodb"))  # made here, it is made in Lambda's init phase
    return FileStore(environment.get("CHAT_FILE", Path(gettempdir(), "bridge-chat.db")))


store = store_of(dict(os.environ))
connections = Connections(store)
app = FastAPI(title="Chat")


# What clients say -----------------------------------------------------------------------------------------------------


class Join(BaseModel):
    """Go into a room, under a name; out of the one before."""

    type: Literal["join"]
    room: Room
    name: Name


class Say(BaseModel):
    """Say something to all who are in the room."""

    type: Literal["say"]
    text: Text


requests: TypeAdapter[Join | Say] = TypeAdapter(Annotated[Join | Say, Field(discriminator="type")])


@app.websocket("/talk")
async def talk(websocket: WebSocket) -> None:
    """One client. This runs from its beginning for every event, so it keeps nothing in variables."""
    await websocket.accept()
    me = connection(websocket)
    try:
        while True:
            text = await websocket.receive_text()
            try:
                await answer(websocket, me, requests.validate_json(text))
            except ValidationError as error:
                await websocket.send_json({"type": "error", "error": reasons(error)})
            except LostUpdateError:  # two messages at once, both of which go into a room
                await websocket.send_json({"type": "error", "error": "one room after the other, please"})
            except BusyError as error:
                await websocket.send_json({"type": "error", "error": str(error)})
    except WebSocketDisconnect:
        await leave(me)


async def answer(websocket: WebSocket, me: Connection, request: Join | Say) -> None:
    """Do what a client asks for, and tell it."""
    if isinstance(request, Join):
        if await join(me, request.room, request.name):
            here = await people(request.room)
            await websocket.send_json({"type": "welcome", "id": me.id, **me.attachment, "here": here})
        else:
            await websocket.send_json({"type": "error", "error": "this room is full"})
    elif me.attachment:
        await say(me.attachment["room"], request.text, me.attachment["name"])
    else:
        await websocket.send_json({"type": "error", "error": "join a room first"})


def reasons(error: ValidationError) -> str:
    """What is wrong with a message, in a line; nothing of the message itself."""
    keys = [str(key) for each in error.errors(include_input=False) for key in each["loc"][1:]]
    if keys:  # its type is known
        return "expected " + "; ".join(f"{key}: {EXPECTED[key]}" for key in keys)
    return 'expected JSON: {"type": "join", "room": ..., "name": ...} or {"type": "say", "text": ...}'


# Who is where ---------------------------------------------------------------------------------------------------------
#
# The attachment says where a connection is, the group reaches all who are in a room, and for the names of those there
# is an item each in the store: its second key is the connection's id and the name.


async def join(me: Connection, room: str, name: str) -> bool:
    """Go into a room; False: it is full."""
    place = {"room": room, "name": name}
    if me.attachment == place:
        return True
    if len(await connections.members(room)) >= CROWD:
        return False
    await leave(me)
    await me.set_attachment(place)
    expires = int(time.time()) + STAY_SECONDS
    await to_thread(store.put, f"people#{room}", f"{me.id} {name}", {}, version=0, expires=expires)
    await me.join(room)
    await tell(room, {"type": "joined", "room": room, "id": me.id, "name": name}, exclude=[me.id])
    return True


async def leave(me: Connection) -> None:
    """Go out of the room that a connection is in, or was in until it ended."""
    if me.attachment:
        await me.leave(me.attachment["room"])
        await forget(me.attachment["room"], f"{me.id} {me.attachment['name']}")


async def forget(room: str, person: str) -> None:
    """Take somebody out of a room's list. Whoever does that tells the others, so they hear it once."""
    if await to_thread(store.delete, f"people#{room}", person):
        connection_id, _, name = person.partition(" ")
        await tell(room, {"type": "left", "room": room, "id": connection_id, "name": name})


async def people(room: str) -> list[dict[str, str]]:
    """Who is in a room."""
    members = await connections.members(room)
    found = [person.partition(" ") for person in await to_thread(store.sorts, f"people#{room}")]
    return [{"id": id_, "name": name} for id_, _, name in found if id_ in members]


async def tell(room: str, message: Message, exclude: list[str] | None = None) -> int:
    """Send to all who are in a room; how many it has reached. Those who have left without a word are out of it then."""
    result = await connections.broadcast_json(room, message, exclude=exclude or [])
    if result.gone:
        for person in await to_thread(store.sorts, f"people#{room}"):
            if person.partition(" ")[0] in result.gone:
                await forget(room, person)
    return len(result.reached)


# What has been said ---------------------------------------------------------------------------------------------------


async def say(room: str, text: str, name: str | None = None) -> dict[str, int]:
    """Say something in a room, as somebody or as the house."""
    said = {"type": "said", "room": room, "name": name, "text": text, "time": int(time.time() * 1000)}
    message = await to_thread(remember, room, said)
    return {"number": message["number"], "reached": await tell(room, message)}


class BusyError(Exception):
    """A message that others have kept from being written."""


def remember(room: str, message: Message) -> Message:
    """Number a message and keep it.

    The number is the version of the item that has the room's messages. Of two processes that write the same version
    one has to try again, so messages have one order, and none is lost.
    """
    for attempt in range(ATTEMPTS):
        item = store.get(f"history#{room}", "-")
        version, messages = (item.version, item.value["messages"]) if item else (0, [])
        numbered = {**message, "number": version + 1}
        value = {"messages": [*messages, numbered][-HISTORY:]}
        expires = int(time.time()) + HISTORY_SECONDS
        if store.put(f"history#{room}", "-", value, version=version, expires=expires):
            return numbered
        time.sleep(random.uniform(0, 0.005 * (attempt + 1)))
    raise BusyError("too many are talking at once: that was not said")


# HTTP -----------------------------------------------------------------------------------------------------------------


class Announcement(BaseModel):
    """What the house has to say."""

    text: Text


@app.get("/rooms/{room}/history")
async def history(room: Room) -> list[Message]:
    """The last messages, oldest first."""
    item = await to_thread(store.get, f"history#{room}", "-")
    return list(item.value["messages"]) if item else []


@app.get("/rooms/{room}/people")
async def here(room: Room) -> list[dict[str, str]]:
    """Who is in the room."""
    return await people(room)


@app.post("/rooms/{room}/announcements", status_code=201)
async def announce(room: Room, announcement: Announcement) -> dict[str, int]:
    """Say something into a room from outside any connection, as a queue's consumer or a script could too."""
    try:
        return await say(room, announcement.text)
    except BusyError as error:
        raise HTTPException(503, str(error)) from error


PAGE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


@app.get("/", response_class=HTMLResponse)
async def page(request: Request) -> str:
    """The page. Browsers connect where this function posts, with ws for http."""
    local, aws = "BRIDGE_MANAGEMENT_ENDPOINT", "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI"
    url = os.environ.get(local) or os.environ.get(aws, "")
    filled = PAGE.replace("@root@", escape(request.scope["root_path"]))
    return filled.replace("@websocket@", escape(url.replace("http", "ws", 1)))


handler = Bridge(app, accepts={"http", "websocket"}, websocket_path="/talk", connections=connections)
