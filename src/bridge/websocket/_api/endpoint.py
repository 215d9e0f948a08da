"""Where the connection management of an API listens."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from ...errors import ConfigurationError


class Endpoint:
    """The parts of an endpoint's URL.

    Args:
        url: `https://{api-id}.execute-api.{region}.amazonaws.com/{stage}`, `https://{domain}/{mapping}`, or
            an `http` URL of something local.

    Attributes:
        url: as it was given.
        local: whether it is `http`, which AWS does not speak here.
        name: the host, without a port.
        port: None: that of the scheme.
        host: the Host header.
        path: percent-encoded, without a slash at its end: "/prod", or "".
        region: the one in the host name, or AWS_REGION, or AWS_DEFAULT_REGION, or "".

    Raises:
        ConfigurationError: the URL is none of these.
    """

    def __init__(self, url: str) -> None:
        self.url = url
        try:
            parts = urlsplit(url)
            self.port = parts.port
        except ValueError as error:
            raise ConfigurationError(f"{url!r} is no URL: {error}.") from error
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ConfigurationError(
                "The endpoint of a WebSocket API's connection management is "
                f"https://api-id.execute-api.region.amazonaws.com/stage or https://domain/mapping; this is {url!r}."
            )
        self.local = parts.scheme == "http"
        self.name = parts.hostname
        if self.port == (80 if self.local else 443):
            self.port = None
        self.host = f"[{self.name}]" if ":" in self.name else self.name
        if self.port is not None:
            self.host += f":{self.port}"
        self.path = "".join(f"/{segment}" for segment in parts.path.split("/") if segment)
        self._labels = self.name.split(".")
        self._execute_api = self._labels[1:2] == ["execute-api"] and len(self._labels) > 3
        self.region = (
            (self._labels[2] if self._execute_api else "")
            or os.environ.get("AWS_REGION", "")
            or os.environ.get("AWS_DEFAULT_REGION", "")
        )

    def arn(self, region: str, method: str) -> str:
        """Return the resource that a policy has to allow for a method; `*` where the URL does not tell."""
        api, stage = "*", "*"
        if self._execute_api:
            api, stage = self._labels[0], self.path.strip("/") or "*"
        return f"arn:aws:execute-api:{region}:*:{api}/{stage}/{method}/@connections/*"
