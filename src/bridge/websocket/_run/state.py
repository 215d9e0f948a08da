"""The states of one run, and what leads from one to the next.

A run has two states. One is the connection's, as the app sees it. The other is the run's own: whether it goes on.
Every message that the app sends or receives is looked up in the tables below; what is not there is the app's mistake.

    CONNECTING --accept--> ACCEPTED --message received--> OPEN --410 for a post--> GONE --this event tells it--> LEFT
        |                     |  |                          |
        |                     |  +--disconnect received-----|---------------------------------------------------> LEFT
        |                     +--close--> CLOSED <--close---+
        +--close--> REFUSED
        +--response.start--> REFUSING --last body--> REFUSED
"""

from __future__ import annotations

from enum import Enum, auto

from ...errors import AppError


class State(Enum):
    """What the connection is for the app."""

    CONNECTING = auto()
    """Neither accepted nor refused."""
    REFUSING = auto()
    """Part of a response that refuses it has been sent."""
    REFUSED = auto()
    ACCEPTED = auto()
    """The app has not received the event's message: what it sends now is meant for a new client."""
    OPEN = auto()
    """The app has received the event's message."""
    GONE = auto()
    """A post has shown that the client has left. Whether this event tells the app, or another, is not decided."""
    LEFT = auto()
    """The app knows that the client has left."""
    CLOSED = auto()
    """The app has closed it after it had accepted."""


class Phase(Enum):
    """What the run is doing."""

    RUNNING = auto()
    SUSPENDING = auto()
    """It is being ended, since the app waits for what this event will not bring. What the app sends is dropped."""
    SUSPENDED = auto()
    """It was ended so."""
    ENDED = auto()
    """The app has ended, or its time."""


LAST_BODY = "websocket.http.response.body, the last"

SENT: dict[State, dict[str, State]] = {
    State.CONNECTING: {
        "websocket.accept": State.ACCEPTED,
        "websocket.close": State.REFUSED,
        "websocket.http.response.start": State.REFUSING,
    },
    State.REFUSING: {"websocket.http.response.body": State.REFUSING, LAST_BODY: State.REFUSED},
    State.REFUSED: {},
    State.ACCEPTED: {"websocket.send": State.ACCEPTED, "websocket.close": State.CLOSED},
    State.OPEN: {"websocket.send": State.OPEN, "websocket.close": State.CLOSED},
    State.GONE: {"websocket.send": State.GONE, "websocket.close": State.GONE},
    State.LEFT: {"websocket.send": State.LEFT, "websocket.close": State.LEFT},
    State.CLOSED: {},
}
"""What the app may send, and what the connection is then.
https://asgi.readthedocs.io/en/stable/specs/www.html#websocket"""

RECEIVED: dict[State, dict[str, State]] = {
    State.ACCEPTED: {"websocket.receive": State.OPEN, "websocket.disconnect": State.LEFT},
    State.OPEN: {"websocket.receive": State.OPEN, "websocket.disconnect": State.LEFT},
    State.GONE: {"websocket.disconnect": State.LEFT},
}
"""What the app receives, and what the connection is then. What is not here changes nothing."""

ENDING: dict[Phase, dict[str, Phase]] = {
    Phase.RUNNING: {"suspend": Phase.SUSPENDING, "end": Phase.ENDED},
    Phase.SUSPENDING: {"suspend": Phase.SUSPENDING, "end": Phase.SUSPENDED},
}
"""How a run ends."""

OVER = frozenset([Phase.SUSPENDED, Phase.ENDED])
UNANSWERED = frozenset([State.CONNECTING, State.REFUSING])
TOLD = frozenset([State.REFUSED, State.LEFT, State.CLOSED])
"""The app knows that nothing more can come: it may say goodbye."""


class RunState:
    """Where a run is: in the two tables.

    Attributes:
        connection: what the connection is for the app.
        phase: what the run is doing.
    """

    def __init__(self) -> None:
        self.connection = State.CONNECTING
        self.phase = Phase.RUNNING

    @property
    def answered(self) -> bool:
        """Return whether the app has accepted the connection, or refused it."""
        return self.connection not in UNANSWERED

    @property
    def told(self) -> bool:
        """Return whether the app knows that nothing more can come."""
        return self.connection in TOLD

    @property
    def over(self) -> bool:
        """Return whether the run has ended."""
        return self.phase in OVER

    def send(self, kind: str) -> State:
        """Move on by what the app sends, and return the new state.

        Raises:
            AppError: it may not send this now.
        """
        allowed = SENT[self.connection]
        if kind not in allowed:
            if not allowed:
                raise AppError(f"the app sent {kind!r} after it had closed or refused the connection")
            *names, last = [repr(name) for name in allowed if name != LAST_BODY]
            expected = f"{', '.join(names)} or {last}" if names else last
            raise AppError(f"the app sent {kind!r}; expected {expected}")
        self.connection = allowed[kind]
        return self.connection

    def receive(self, kind: str) -> None:
        """Move on by what the app receives."""
        self.connection = RECEIVED.get(self.connection, {}).get(kind, self.connection)

    def lose(self) -> None:
        """Move on by a post that finds the client gone, while it is OPEN."""
        self.connection = State.GONE

    def end(self, how: str) -> None:
        """Move on to the end: "suspend", because of what will not come, or "end"."""
        self.phase = ENDING.get(self.phase, {}).get(how, self.phase)
