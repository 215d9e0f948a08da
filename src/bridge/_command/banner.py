"""What `bridge serve` says first: what is served where, and as which API."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def lines(target: str, url: str, settings: dict[str, Any]) -> Iterator[str]:
    """Return the lines.

    Args:
        target: what is served.
        url: of the server, without a path.
        settings: of the gateway: see `cli._gateway`.
    """
    from ..gateway._apis import KINDS
    from . import api_options

    name, websocket = settings["api"], settings["websocket"]
    if name != "websocket":
        kind, stage = KINDS[name], settings["stage"]
        said = [kind.title]
        said += [f"stage {stage}"] if stage != "$default" else []
        said += [f"payload {settings['payload']}"] if "payload" in kind.takes else []
        said += ["multi-value headers"] if settings["multi_value"] else []
        said += [settings["trigger"]] if "trigger" in kind.takes else []
        said += ["streaming"] if settings["streaming"] else []
        yield f"{target} behind {', '.join(said)}: {url}{api_options.prefix(stage)}/"
    if websocket:
        place = f"{url}/{websocket['stage']}"
        yield f"{target} behind WebSocket API, stage {websocket['stage']}: {place.replace('http', 'ws', 1)}"
        yield f"what functions send to its connections goes to {place}/@connections"
