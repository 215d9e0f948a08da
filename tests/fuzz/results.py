"""Results of functions, of any form, as the local gateway's APIs read them."""

from __future__ import annotations

import functools
import json
from random import Random
from typing import Any

from bridge.errors import ResultError
from bridge.gateway._apis import Api, api
from bridge.gateway._outward import outward
from bridge.sources._client_request import ClientRequest

from .mutation import misshape, text, value

KEYS = ["statusCode", "status", "headers", "multiValueHeaders", "cookies", "body", "isBase64Encoded", "bodyEncoding"]


@functools.cache
def apis() -> dict[str, Api]:
    """Return every kind of API, with each setting that changes how it reads results."""
    return {
        "http": api("http"),
        "http 1.0": api("http", payload="1.0"),
        "rest": api("rest"),
        "rest stream": api("rest", streaming=True),
        "rest text": api("rest", binary_media_types=()),
        "url": api("url"),
        "url stream": api("url", streaming=True),
        "alb": api("alb"),
        "alb multi": api("alb", multi_value=True),
        "lattice": api("lattice"),
        "edge": api("edge"),
        "edge viewer": api("edge", trigger="viewer-request"),
    }


def make(random: Random) -> Any:
    """Return an API's name and a result."""
    name = random.choice([*apis()])
    result: dict[str, Any] = {"statusCode": random.choice([200, 204, 404, "200", 99, 600, True])}
    if name.startswith("edge"):
        result = {
            "status": random.choice(["200", "204", "٢٠٠", 200]),
            "bodyEncoding": random.choice(["text", "base64"]),
        }
        result["headers"] = {text(random): [{"key": text(random), "value": text(random)}]}
    else:
        result["headers"] = {text(random): text(random) for _ in range(random.randrange(3))}
        result["isBase64Encoded"] = random.choice([True, False, None, 1, "yes"])
    result["body"] = text(random)
    if random.randrange(3):
        result[random.choice(KEYS)] = value(random)
    return {"api": name, "result": misshape(random, result) if random.randrange(3) else result}


def check(given: Any) -> None:
    """Have the API read the result, as a result and as a stream's prelude: a response, or a ResultError."""
    found = apis()[given["api"]]
    result = json.loads(json.dumps(given["result"]))
    call = ClientRequest(method="GET")
    for reads in (lambda given: found.response(given, call), found.opening, found.unframed):
        try:
            response = outward(reads(result), found.remapped)
        except ResultError:
            continue
        assert 200 <= response.status_code <= 599
        for name, line in response.raw_headers:
            assert name == name.lower()
            assert not {*b"\r\n\0"} & {*name, *line}
