"""The URL that the client sees, where another host or path stands in front of the API: CloudFront, a custom domain.

A request is adjusted to it before the app sees the request, so that redirects and absolute URLs are the client's.
"""

from __future__ import annotations

from ..errors import ConfigurationError
from . import HEADERS, HOST, PATH, RAW_PATH, ROOT_PATH, replaced, url

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import TypeAlias

    from ..types import Request

    Adjustment: TypeAlias = Callable[[Request], Request]

MOST_HOST = 253
"""Characters that a host name may have (RFC 1035 section 2.3.4, without the dot at its end)."""


def adjustment(
    base_path: str | Iterable[str], forwarded_hosts: str | Iterable[str], forwarded_host_header: str
) -> Adjustment | None:
    """Return what adjusts requests, or None if there is nothing to adjust. First the host, then the base path.

    Raises:
        ConfigurationError: a host that is none.
    """
    base_paths = _base_paths(base_path)
    hosts = Hosts(forwarded_hosts, forwarded_host_header)
    if not hosts.known:
        return _below(base_paths) if base_paths else None
    if not base_paths:
        return hosts.adjusted
    below = _below(base_paths)
    return lambda request: below(hosts.adjusted(request))


class Hosts:
    """The hosts that may stand in front of the API, and where each has the app.

    Args:
        given: "www.example.com", "*.example.com" (all below it), "www.example.com/shop" (the app is at /shop there).
        header: the header in which the one in front says its host.

    Raises:
        ConfigurationError: one of them is no host name, or "*" alone.
    """

    def __init__(self, given: str | Iterable[str], header: str) -> None:
        self.known = dict(_entry(text) for text in ([given] if isinstance(given, str) else given))
        self._header = header.lower()
        self._names = {host: path for host, path in self.known.items() if host[0] != "*"}
        self._domains = {host[2:]: path for host, path in self.known.items() if host[0] == "*"}

    def adjusted(self, request: Request) -> Request:
        """Return the request as the client sent it to the host in front; unchanged if no known host is there.

        The header counts if there is one line of it and its value is, to the letter, a host that is known. A client
        that calls the API itself can write the header too, and gains no more than the choice among these hosts.
        """
        values = [value for name, value in request[HEADERS] if name.lower() == self._header]
        root_path = self._root_path(values[0]) if len(values) == 1 and isinstance(values[0], str) else None
        if root_path is None:
            return request
        host, path, raw_path, stage = values[0], request[PATH], request[RAW_PATH], request[ROOT_PATH]
        path = path[len(stage) :]
        raw_path = raw_path[len(url.encode_path(stage)) :]
        if not path and not root_path:
            path, raw_path = "/", b"/"
        path, raw_path = root_path + path, url.encode_path(root_path) + raw_path
        lines = [("host", host), *((name, value) for name, value in request[HEADERS] if name.lower() != "host")]
        return replaced(request, {HOST: host, PATH: path, RAW_PATH: raw_path, ROOT_PATH: root_path, HEADERS: lines})

    def _root_path(self, host: str) -> str | None:
        """Return where the app is on a host; None: the host is not known."""
        root_path = self._names.get(host)
        if root_path is not None or not _is_host(host):
            return root_path
        _, dot, parent = host.partition(".")
        while dot and parent not in self._domains:
            _, dot, parent = parent.partition(".")
        return self._domains.get(parent)


def _entry(text: str) -> tuple[str, str]:
    """Return a host and where the app is there, of one of `forwarded_hosts`."""
    host, _, path = text.partition("/")
    host = host.lower()
    name, colon, port = host.removeprefix("*.").partition(":")
    if not _is_host(name) or (colon and not (port.isascii() and port.isdigit())):
        raise ConfigurationError(
            f"Bridge(forwarded_hosts=...) takes host names ('www.example.com', '*.example.com', 'example.com/shop'), "
            f"not {text!r}. Names outside ASCII are written as in DNS: 'xn--...'."
        )
    path = path.strip("/")
    return host, "/" + path if path else ""


def _is_host(text: str) -> bool:
    # RFC 1123 section 2.1, in lower case.
    if len(text) > MOST_HOST or not text.isascii() or text != text.lower():
        return False
    return all(
        len(label) <= 63 and label.replace("-", "").isalnum() and label.strip("-") == label for label in text.split(".")
    )


def _base_paths(given: str | Iterable[str]) -> list[str]:
    texts = [given] if isinstance(given, str) else list(given)
    paths = {"/" + text.strip("/") for text in texts if text.strip("/")}
    return sorted(paths, key=len, reverse=True)


def _below(base_paths: list[str]) -> Adjustment:
    """Move the longest base path that a path starts with into the root path."""

    def below(request: Request) -> Request:
        path, root_path = request[PATH], request[ROOT_PATH]
        rest = path[len(root_path) :]
        for base_path in base_paths:
            if rest.startswith(base_path) and rest[len(base_path) : len(base_path) + 1] in ("", "/"):
                return replaced(request, {ROOT_PATH: root_path + base_path})
        return request

    return below
