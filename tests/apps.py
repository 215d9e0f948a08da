"""Two apps, one ASGI and one WSGI, that note what reaches them and answer as they are told."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

Interface: TypeAlias = Literal["asgi", "wsgi"]
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
StartResponse: TypeAlias = Callable[..., Callable[[bytes], object]]


@dataclass(kw_only=True)
class Reply:
    """What the app answers."""

    status: int = 200
    headers: list[tuple[str, bytes]] = field(default_factory=lambda: [("content-type", b"text/plain")])
    body: bytes = b"ok"


@dataclass(kw_only=True)
class Seen:
    """What reached the app, in the terms that ASGI and WSGI share."""

    method: str
    path: str
    root_path: str
    query: str
    headers: dict[str, list[str]]
    body: bytes
    scheme: str
    server: tuple[str, int]
    client: str | None
    raw: MutableMapping[str, Any]
    """The scope, or the environ."""

    def header(self, name: str) -> str:
        """A header as frameworks read it: one text, its lines joined."""
        return ", ".join(self.headers[name])


class Asgi:
    """An ASGI app without a lifespan."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply or Reply()
        self.seen: list[Seen] = []

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError("HTTP only")
        headers: dict[str, list[str]] = {}
        for name, value in scope["headers"]:
            headers.setdefault(name.decode(), []).append(value.decode())
        body = b""
        more = True
        while more:
            message = await receive()
            body += message["body"]
            more = message["more_body"]
        self.seen.append(
            Seen(
                method=scope["method"],
                path=scope["path"],
                root_path=scope["root_path"],
                query=scope["query_string"].decode(),
                headers=headers,
                body=body,
                scheme=scope["scheme"],
                server=scope["server"],
                client=scope["client"] and scope["client"][0],
                raw=scope,
            )
        )
        lines = [(name.encode("latin-1"), value) for name, value in self.reply.headers]
        await send({"type": "http.response.start", "status": self.reply.status, "headers": lines})
        await send({"type": "http.response.body", "body": self.reply.body})


class Wsgi:
    """A WSGI app."""

    def __init__(self, reply: Reply | None = None) -> None:
        self.reply = reply or Reply()
        self.seen: list[Seen] = []

    def __call__(self, environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        headers = {
            key.removeprefix("HTTP_").replace("_", "-").lower(): [_utf8(value)]
            for key, value in environ.items()
            if key.startswith("HTTP_") or key in ("CONTENT_TYPE", "CONTENT_LENGTH")
        }
        self.seen.append(
            Seen(
                method=environ["REQUEST_METHOD"],
                path=_utf8(environ["SCRIPT_NAME"] + environ["PATH_INFO"]),
                root_path=_utf8(environ["SCRIPT_NAME"]),
                query=environ["QUERY_STRING"],
                headers=headers,
                body=environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0)),
                scheme=environ["wsgi.url_scheme"],
                server=(environ["SERVER_NAME"], int(environ["SERVER_PORT"])),
                client=environ["REMOTE_ADDR"] or None,
                raw=environ,
            )
        )
        lines = [(name, value.decode("latin-1")) for name, value in self.reply.headers]
        start_response(f"{self.reply.status} Said", lines)
        return [self.reply.body]


def _utf8(text: str) -> str:
    return text.encode("latin-1").decode("utf-8", "replace")


APPS: dict[Interface, type[Asgi] | type[Wsgi]] = {"asgi": Asgi, "wsgi": Wsgi}
