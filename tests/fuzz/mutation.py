"""Odd values, and JSON documents with some of them in it."""

from __future__ import annotations

import copy
from random import Random
from typing import Any

TEXTS = [
    *(
        "",
        " ",
        "\t",
        "\0",
        "\r\nx: y",
        "\n",
        "\x1b[31m",
        "\x7f",
        "é",
        "日本",
        "\ud800",
        "\udfff",
        "😀",
        "İ",
        "ſ",
        "\u2028",
    ),
    *(
        "/",
        "//",
        "/..",
        "/%2e%2e/",
        "%",
        "%zz",
        "%00",
        "%ff",
        "%2F",
        "?",
        "#",
        ";",
        "&",
        "=",
        "+",
        "a=b&a=c",
        "a;b",
        "[x]",
    ),
    *("http", "https", "http,https", "http://other/x", "GET", "get", "HEAD", "CONNECT", "PRI", "OPTIONS", "*"),
    *(
        "-1",
        "0",
        "3",
        "99999999999999999999",
        "1e3",
        "NaN",
        "0x10",
        "١٢",
        "true",
        "null",
        "chunked",
        "gzip",
        "identity",
    ),
    *(
        "a" * 300,
        "%" * 300,
        "," * 100,
        "; " * 100,
        "a=b; c",
        "::1",
        "[::1]",
        "[",
        "1.2.3.4:5",
        "host:99999",
        "x:y",
        ":",
    ),
    *("text/plain", "application/json", "image/png", "text/html; charset=utf-16", "YQ==", "YQ", "Y Q==", "====", "!"),
    *("$default", "prod", "/prod", "2.0", "1.0", "origin-request", "viewer-response", "base64", "text"),
    *("content-length", "Content-Type", "x_forwarded_proto", "transfer-encoding", "set-cookie", "Cookie", ":status"),
]
OTHERS: list[Any] = [None, True, False, 0, -1, 7, 200, 1.5, 10**30, [], {}, [None], [[]], {"": None}, {"a": {"b": []}}]
KEYS = [
    "requestContext",
    "http",
    "elb",
    "headers",
    "body",
    "version",
    "httpMethod",
    "path",
    "Records",
    "cf",
    "type",
    "",
]


def text(random: Random) -> str:
    """Return a text: odd ones, joined, or letters of anywhere."""
    kind = random.randrange(4)
    if kind == 0:
        return "".join(chr(random.randrange(1, 0x250)) for _ in range(random.randrange(12)))
    return "".join(random.choice(TEXTS) for _ in range(kind))


def value(random: Random, depth: int = 3) -> Any:
    """Return a JSON value."""
    kind = random.randrange(8 if depth else 4)
    if kind < 2:
        return text(random)
    if kind < 4:
        return copy.deepcopy(random.choice(OTHERS))
    if kind < 6:
        return [value(random, depth - 1) for _ in range(random.randrange(4))]
    return {random.choice([random.choice(KEYS), text(random)]): value(random, depth - 1) for _ in range(3)}


Place = tuple[Any, Any]
"""A dict or a list, and a key or an index of it."""


def places(document: Any) -> list[Place]:
    """Return where a JSON document has values."""
    found: list[Place] = []
    waiting = [document]
    while waiting:
        holder = waiting.pop()
        if isinstance(holder, (dict, list)):
            for key in holder if isinstance(holder, dict) else range(len(holder)):
                found.append((holder, key))
                waiting.append(holder[key])
    return found


def misshape(random: Random, document: Any) -> Any:
    """Return the document with some of its values replaced, removed, wrapped, or new ones beside them."""
    document = {"root": document}
    for _ in range(random.randrange(1, 5)):
        holder, key = random.choice(places(document))
        kind = random.randrange(6)
        if kind == 0 and key != "root":
            del holder[key]
        elif kind == 1:
            holder[key] = [holder[key]]
        elif kind == 2 and isinstance(holder[key], dict):
            holder[key][random.choice(KEYS)] = value(random)
        elif kind == 3:
            holder[key] = copy.deepcopy(random.choice(OTHERS))
        else:
            holder[key] = value(random)
    return document.get("root")
