"""An HTTP request as it reaches a gateway: what the sources make sample events from."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote


@dataclass(frozen=True, kw_only=True)
class ClientRequest:
    """A request on its way to a function.

    Attributes:
        method: "GET".
        raw_path: percent-encoded, as the client sent it; with the stage, where the API has a named one.
        query_string: percent-encoded, without "?".
        headers: one pair per line; lower-case names; among them the X-Forwarded ones that the gateway adds.
        body: the bytes, without any transfer coding.
        client: IP address of the peer.
        stage: "$default", or the name of a stage.
        domain: the domain name that the API is called by.
        request_id: unique.
        seconds: when, since the epoch.
    """

    method: str
    raw_path: str = "/"
    query_string: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""
    client: str = "127.0.0.1"
    stage: str = "$default"
    domain: str = "local.execute-api.us-east-1.amazonaws.com"
    request_id: str = "00000000-0000-0000-0000-000000000000"
    seconds: float = 0.0

    @property
    def api_id(self) -> str:
        """Return the API's id: the first label of a domain name of its own, which a custom one does not have."""
        name, _, rest = self.domain.partition(".")
        return name if rest.startswith(("execute-api.", "lambda-url.")) else "local"

    @property
    def path(self) -> str:
        """Return the path, decoded. What is not UTF-8 is replaced, as in JSON it must be."""
        return unquote(self.raw_path)

    @property
    def stage_prefix(self) -> str:
        """Return what the stage puts in front of the path: "/prod", or nothing."""
        return "" if self.stage == "$default" else "/" + self.stage

    @property
    def query(self) -> list[tuple[str, str]]:
        """Return the query parameters, decoded as a form."""
        return parse_qsl(self.query_string, keep_blank_values=True)

    @property
    def user_agent(self) -> str:
        """Return the User-Agent header, or nothing."""
        return self.header("user-agent")

    def header(self, name: str) -> str:
        """Return the last line of a header, or ""."""
        return next((value for other, value in reversed(self.headers) if other == name), "")


def last(items: list[tuple[str, str]]) -> dict[str, str]:
    """Return names with the last of their values."""
    return dict(items)


def multi(items: list[tuple[str, str]]) -> dict[str, list[str]]:
    """Return names with all of their values, in order."""
    grouped: dict[str, list[str]] = {}
    for name, value in items:
        grouped.setdefault(name, []).append(value)
    return grouped


def joined(items: list[tuple[str, str]], separator: str) -> dict[str, str]:
    """Return names with all of their values in one text."""
    return {name: separator.join(values) for name, values in multi(items).items()}
