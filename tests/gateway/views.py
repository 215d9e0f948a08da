"""What AWS loses of requests and responses on their way, in named functions: nothing else may be lost."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias
from urllib.parse import parse_qsl, quote, unquote, urlencode

from bridge.sources._client_request import last, multi

Headers: TypeAlias = dict[str, list[str]]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A request, as it was sent or as it arrives at the app."""

    method: str
    raw_path: str
    query: str
    headers: Headers
    body: bytes
    root_path: str = ""
    client: str | None = "127.0.0.1"

    @property
    def path(self) -> str:
        return unquote(self.raw_path)


@dataclass(frozen=True, kw_only=True)
class Got:
    """A response, as the app gave it or as it arrives at the client."""

    status: int
    headers: Headers
    body: bytes


def pairs(query: str) -> list[tuple[str, str]]:
    """Parameters as they were sent."""
    return [(name, value) for name, _, value in (pair.partition("=") for pair in query.split("&") if pair)]


def ungrouped(grouped: Headers) -> list[tuple[str, str]]:
    return [(name, value) for name, values in grouped.items() for value in values]


# Requests


def escapes_of_the_path(sent: Sent) -> Sent:
    """HTTP APIs send the path decoded; how it had been encoded cannot be known."""
    return replace(sent, raw_path=quote(sent.path, safe="/!$&'()*+,;=:@~"))


def path_after_a_question_mark(sent: Sent) -> Sent:
    """HTTP APIs decode the path and then take a question mark in it for the start of the query."""
    return replace(sent, raw_path=sent.raw_path.replace("%3f", "%3F").partition("%3F")[0])


def leading_slashes(sent: Sent) -> Sent:
    """REST APIs send one slash in front, whether there were more or none."""
    rest = sent.raw_path.removeprefix(sent.root_path).lstrip("/")
    return replace(sent, raw_path=f"{sent.root_path}/{rest}")


def encoding_of_the_query(sent: Sent) -> Sent:
    """Payload 1.0 has the parameters decoded, and the values of one name together."""
    return replace(sent, query=urlencode(ungrouped(multi(parse_qsl(sent.query, keep_blank_values=True)))))


def semicolons_of_the_query(sent: Sent) -> Sent:
    """REST APIs split the query at semicolons too."""
    return replace(sent, query=sent.query.replace(";", "&"))


def order_of_the_query(sent: Sent) -> Sent:
    """Load balancers send the values of one name together; a name always has a "="."""
    return replace(sent, query="&".join(f"{name}={value}" for name, value in ungrouped(multi(pairs(sent.query)))))


def all_but_the_last_parameter(sent: Sent) -> Sent:
    """Load balancers without multi-value headers send the last value of a parameter."""
    return replace(sent, query="&".join(f"{name}={value}" for name, value in last(pairs(sent.query)).items()))


def lines_of_a_header(sent: Sent) -> Sent:
    """Payload 2.0 has one text per header; environs have too."""
    return replace(sent, headers={name: [",".join(values)] for name, values in sent.headers.items()})


def all_but_the_last_line(sent: Sent) -> Sent:
    """Load balancers without multi-value headers send the last line of a header."""
    return replace(sent, headers={name: values[-1:] for name, values in sent.headers.items()})


def lines_of_cookies(sent: Sent) -> Sent:
    """A request has one Cookie header: RFC 6265 section 5.4."""
    headers = {name: ["; ".join(values)] if name == "cookie" else values for name, values in sent.headers.items()}
    return replace(sent, headers=headers)


def headers_of_the_connection(sent: Sent) -> Sent:
    """REST APIs keep Connection and Content-Length to themselves; Bridge counts the body again."""
    return without(sent, {"connection"} if sent.body else {"connection", "content-length"})


def hop_by_hop_headers(sent: Sent) -> Sent:
    """VPC Lattice does not pass on what belongs to one connection."""
    return without(sent, {"connection"})


def headers_that_cloudfront_keeps(sent: Sent) -> Sent:
    """CloudFront does not show some headers to functions."""
    hidden = {name for name in sent.headers if name.startswith("x-edge-")}
    return without(sent, {"connection", "x-cache", *hidden})


def without(sent: Sent, dropped: set[str]) -> Sent:
    return replace(sent, headers={name: values for name, values in sent.headers.items() if name not in dropped})


def joined_lines_of_a_header(sent: Sent) -> Sent:
    """V1 of VPC Lattice has one text per header, cookies too."""
    return replace(sent, headers={name: [", ".join(values)] for name, values in sent.headers.items()})


def path_as_it_was_sent(sent: Sent) -> Sent:
    """Environs have the decoded path only."""
    return replace(sent, raw_path=sent.path)


V1_REQUEST = [encoding_of_the_query, lines_of_cookies]
V2_REQUEST: list[Callable[[Sent], Sent]] = [lines_of_cookies, lines_of_a_header]
REQUEST_LOSSES: dict[str, list[Callable[[Sent], Sent]]] = {
    "rest": [semicolons_of_the_query, *V1_REQUEST, leading_slashes, headers_of_the_connection],
    "http 1.0": [*V1_REQUEST, escapes_of_the_path],
    "http 2.0": [*V2_REQUEST, path_after_a_question_mark, escapes_of_the_path],
    "url": V2_REQUEST,
    "alb": [order_of_the_query, all_but_the_last_parameter, all_but_the_last_line],
    "alb multi": [order_of_the_query, lines_of_cookies],
    "lattice 1": [hop_by_hop_headers, joined_lines_of_a_header],
    "lattice 2": [hop_by_hop_headers, lines_of_cookies],
    "edge viewer": [headers_that_cloudfront_keeps, lines_of_cookies],
    "edge origin": [headers_that_cloudfront_keeps, lines_of_cookies],
    "wsgi": [lines_of_cookies, lines_of_a_header, path_as_it_was_sent],
}


# Responses


def body_of_a_status_without_one(got: Got) -> Got:
    """HTTP has none with 204 and 304."""
    return replace(got, body=b"") if got.status in (204, 304) else got


def lines_of_a_response_header(got: Got) -> Got:
    """Payload 2.0, VPC Lattice, and load balancers without multi-value headers take one text per header; cookies apart.

    Where a value is empty, so may be an end of the text: space there is no part of it (RFC 9110 section 5.5).
    """
    headers = {
        name: values if name == "set-cookie" else [", ".join(values).strip(" \t")]
        for name, values in got.headers.items()
    }
    return replace(got, headers=headers)


def missing_content_type(got: Got) -> Got:
    """Payload 1.0: what does not say what it is goes out as JSON."""
    return replace(got, headers={"content-type": ["application/json"], **got.headers})


def names_of_rest_apis(got: Got) -> Got:
    """REST APIs send some headers under other names."""
    return renamed(got, {"date", "server", "www-authenticate", "host", "user-agent"})


def names_of_function_urls(got: Got) -> Got:
    """Function URLs send one header under another name."""
    return renamed(got, {"www-authenticate"})


def headers_that_cloudfront_refuses(got: Got) -> Got:
    """A response to a viewer request must not have these."""
    return replace(got, headers={name: values for name, values in got.headers.items() if name != "host"})


def renamed(got: Got, names: set[str]) -> Got:
    headers = {"x-amzn-remapped-" + name if name in names else name: values for name, values in got.headers.items()}
    return replace(got, headers=headers)


RESPONSE_LOSSES: dict[str, list[Callable[[Got], Got]]] = {
    "rest": [missing_content_type, names_of_rest_apis],
    "http 1.0": [missing_content_type],
    "http 2.0": [lines_of_a_response_header],
    "url": [lines_of_a_response_header, names_of_function_urls],
    "alb": [lines_of_a_response_header],
    "alb multi": [],
    "lattice 1": [lines_of_a_response_header],
    "lattice 2": [lines_of_a_response_header],
    "edge viewer": [headers_that_cloudfront_refuses],
    "edge origin": [],
}


def after_request_losses(sent: Sent, *ways: str) -> Sent:
    for way in ways:
        for lose in REQUEST_LOSSES[way]:
            sent = lose(sent)
    return sent


def after_response_losses(got: Got, way: str) -> Got:
    for lose in [body_of_a_status_without_one, *RESPONSE_LOSSES[way]]:
        got = lose(got)
    return got
