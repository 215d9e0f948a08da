"""What other adapters call their options, and what to write instead: for whoever has only changed the import."""

from __future__ import annotations

from ..errors import ConfigurationError

_CURES = {
    # Mangum
    "api_gateway_base_path": "Write base_path=... Your app sees it in the path, and root_path says which part it is.",
    "text_mime_types": "Write is_text=[...], if it is needed at all: what is UTF-8 and not plainly binary is text.",
    "custom_handlers": "Write sources=[...] for HTTP events of other formats, on_event=... for all other events.",
    "enable_lifespan": 'Write lifespan="auto", "on" or "off".',
    "api_gateway_endpoint_url": "Write connections=bridge.websocket.Connections(...), for WebSocket APIs.",
    "dsn": "Write connections=bridge.websocket.Connections(...), for WebSocket APIs.",
    "log_level": 'Leave it out: logging.getLogger("bridge").setLevel(...) does it.',
    # apig-wsgi
    "binary_support": "Leave it out: bytes arrive as bytes, always.",
    "non_binary_content_type_prefixes": 'Write is_text=["text/*", ...], if it is needed at all.',
    # serverless-wsgi
    "strip_stage_path": "Leave it out: the stage is there where the client's URL has it.",
}


def refusal(name: str) -> Exception:
    """Return what to raise for an option that Bridge does not have."""
    cure = _CURES.get(name)
    if cure is None:
        return TypeError(f"Bridge() got an unexpected keyword argument {name!r}")
    return ConfigurationError(f"Bridge has no option {name!r}, which is another adapter's. {cure}")
