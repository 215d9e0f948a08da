"""The pages of docs/events/: a real event of each kind, what an app sees of it, and the result that goes back.

`python -m tests.event_pages` writes them anew. A test fails if they are not what Bridge does.
"""

import json
from pathlib import Path
from typing import Any

from bridge import Bridge

from .samples import EVENTS, sample

PAGES = Path(__file__).parents[1] / "docs" / "events"

KINDS = {
    "rest-api": ("REST API", ["rest"], "The stage is in the client's URL, so it is in `root_path`."),
    "http-api": ("HTTP API, payload 2.0", ["http_api"], "Paths arrive decoded, cookies apart from the headers."),
    "http-api-1.0": (
        "HTTP API, payload 1.0",
        ["http_api_1_0"],
        "Like a REST API's, with `version` and a decoded path.",
    ),
    "function-url": ("Function URL", ["function_url"], "Payload 2.0; the path arrives encoded as well as decoded."),
    "load-balancer": (
        "Application Load Balancer",
        ["alb", "alb_multi"],
        "The target group's attribute `lambda.multi_value_headers.enabled` decides between two forms. In the first, of "
        "a header or a parameter that came twice, the last one is left; several cookies go out by names that differ in "
        "case.",
    ),
    "vpc-lattice": ("VPC Lattice", ["lattice_2", "lattice_1"], "Event structure V2, and the older V1 below it."),
    "lambda-at-edge": (
        "Lambda@Edge",
        ["edge_origin", "edge_viewer"],
        "An origin request, and a viewer request below it. Bridge answers where there is no response yet.",
    ),
}
"""File name to title, sample events, and what to know first."""

TOLD = ("aws.event", "aws.context", "wsgi.input", "wsgi.errors", "state")


def main() -> None:
    """Write every page."""
    PAGES.mkdir(exist_ok=True)
    for name in KINDS:
        (PAGES / f"{name}.md").write_text(page(name), encoding="utf-8")


def page(name: str) -> str:
    """The text of a page."""
    title, samples, told = KINDS[name]
    parts = [f"# {title}\n\n{told} [Events](../events.md) has the rules that hold for all.\n"]
    for event_name in samples:
        heading = "##" if len(samples) == 1 else "###"
        if len(samples) > 1:
            parts.append(f"## {_caption(event_name)}\n")
        scope, environ, result = seen(event_name)
        parts.append(f"{heading} The event\n\n{_provenance(event_name)}.\n\n{_block(sample(event_name))}")
        parts.append(f"{heading} What an ASGI app sees\n\n{_literal(scope)}")
        parts.append(f"{heading} What a WSGI app sees\n\n{_literal(environ)}")
        parts.append(
            f"{heading} What goes back\n\nFor a response with two cookies, a header on two lines, and a text:\n\n"
            f"{_block(result)}"
        )
    return "\n".join(parts)


def seen(name: str) -> tuple[dict[str, Any], dict[str, Any], Any]:
    """The scope and the environ of a sample event, and the result for the response that the pages show."""
    scopes: list[dict[str, Any]] = []
    environs: list[dict[str, Any]] = []

    async def asgi(scope: Any, receive: Any, send: Any) -> None:
        scopes.append(scope)
        lines = [(b"content-type", b"text/plain; charset=utf-8"), (b"vary", b"accept"), (b"vary", b"cookie")]
        lines += [(b"set-cookie", b"a=1"), (b"set-cookie", b"b=2; HttpOnly")]
        await send({"type": "http.response.start", "status": 200, "headers": lines})
        await send({"type": "http.response.body", "body": "café".encode()})

    def wsgi(environ: Any, start_response: Any) -> list[bytes]:
        environs.append(environ)
        start_response("200 OK", [])
        return []

    result = Bridge(asgi, lifespan="off")(sample(name))
    Bridge(wsgi)(sample(name))
    return scopes[0], environs[0], result


def _caption(name: str) -> str:
    captions = {
        "alb": "Single values",
        "alb_multi": "Multi-value headers",
        "lattice_2": "V2",
        "lattice_1": "V1",
        "edge_origin": "origin-request",
        "edge_viewer": "viewer-request",
    }
    return captions[name]


def _provenance(name: str) -> str:
    text: str = json.loads((EVENTS / f"{name}.json").read_text("utf-8"))["_provenance"]
    return text.rstrip(".")


def _block(value: Any) -> str:
    return f"```json\n{json.dumps(value, indent=2, ensure_ascii=False)}\n```\n"


def _literal(carrier: dict[str, Any]) -> str:
    lines = []
    for key, value in carrier.items():
        if key in TOLD:
            continue
        if isinstance(value, list) and value:
            lines += [f"    {key!r}: [", *(f"        {item!r}," for item in value), "    ],"]
        else:
            lines.append(f"    {key!r}: {value!r},")
    return "```\n{\n" + "\n".join(lines) + "\n    ...\n}\n```\n"


if __name__ == "__main__":
    main()
