import base64
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given, strategies as st

from bridge import EventError
from bridge._app.asgi.scope import scope_of
from bridge._app.wsgi import environ_of
from bridge._http.body import decoded
from bridge.sources import _v1 as v1, http_request

from ..samples import named, sample

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


def test_nothing_is_needed() -> None:
    assert named(http_request()) == {
        "method": "GET",
        "scheme": "https",
        "host": None,
        "path": "/",
        "raw_path": b"/",
        "root_path": "",
        "query": "",
        "protocol": "HTTP/1.1",
        "headers": [],
        "cookie": None,
        "client": None,
        "body": None,
        "is_base64": False,
    }


ALL = (
    "method path raw_path root_path query headers cookies host scheme protocol client body is_base64".split()  # noqa: SIM905
)


@pytest.mark.parametrize("name", ALL)
def test_none_is_as_good_as_nothing(name: str) -> None:
    assert http_request(**{name: None}) == http_request()


@pytest.mark.parametrize("name", ["method", "root_path", "query", "cookies", "scheme", "protocol", "client"])
def test_empty_text_is_as_good_as_nothing(name: str) -> None:
    assert http_request(**{name: ""}) == http_request()  # type: ignore[arg-type]


def test_what_is_given_stands_in_its_place() -> None:
    made = named(
        http_request(method="PATCH", scheme="http", protocol="HTTP/2.0", client=("::1", 7), body="b2s=", is_base64=True)
    )
    assert made["method"] == "PATCH"
    assert made["scheme"] == "http"
    assert made["protocol"] == "HTTP/2.0"
    assert made["client"] == ("::1", 7)
    assert (made["body"], made["is_base64"]) == ("b2s=", True)


class TestPath:
    @pytest.mark.parametrize(
        ("raw", "path"),
        [("/a%20b", "/a b"), ("/a%2Fb", "/a/b"), ("/a%2541", "/a%41"), ("/a+b;c=1,2/@me", "/a+b;c=1,2/@me")],
    )
    def test_that_is_encoded_stays_and_is_decoded_once(self, raw: str, path: str) -> None:
        made = named(http_request(raw_path=raw))
        assert (made["path"], made["raw_path"]) == (path, raw.encode())

    @pytest.mark.parametrize(
        ("path", "raw"), [("/a b", b"/a%20b"), ("/a%41", b"/a%2541"), ("/a?b#c", b"/a%3Fb%23c"), ("/é", b"/%C3%A9")]
    )
    def test_that_is_decoded_stays_and_is_encoded_once(self, path: str, raw: bytes) -> None:
        made = named(http_request(path=path))
        assert (made["path"], made["raw_path"]) == (path, raw)

    @given(TEXT)
    def test_means_the_same_both_ways(self, text: str) -> None:
        made = named(http_request(path="/" + text))
        assert made["path"] == "/" + text == unquote(made["raw_path"].decode("ascii"))
        assert http_request(raw_path=made["raw_path"].decode()) == http_request(path="/" + text)

    @pytest.mark.parametrize("path", ["", "a", "/a", "//a"])
    def test_starts_with_a_slash(self, path: str) -> None:
        expected = path if path.startswith("/") else "/" + path
        assert named(http_request(path=path))["path"] == expected
        assert named(http_request(raw_path=path))["path"] == expected

    @pytest.mark.parametrize("root_path", ["/é", "é", "/é/", "é/"])
    def test_has_the_root_path_in_front(self, root_path: str) -> None:
        made = named(http_request(path="/x", root_path=root_path))
        assert (made["root_path"], made["path"], made["raw_path"]) == ("/é", "/é/x", b"/%C3%A9/x")
        assert named(http_request(root_path="X"))["root_path"] == "/X"

    def test_has_no_root_path_of_slashes(self) -> None:
        assert named(http_request(path="/x", root_path="/"))["path"] == "/x"

    def test_is_given_in_one_way(self) -> None:
        with pytest.raises(TypeError, match=r"^http_request takes path, .* not both$"):
            http_request(path="/a b", raw_path="/a%20b")


class TestQuery:
    @pytest.mark.parametrize("query", ["a=1&a=2", "a=%26&b", "q=a+b%20c", "?a=1"])
    def test_that_is_text_stays(self, query: str) -> None:
        assert named(http_request(query=query))["query"] == query.removeprefix("?")

    def test_that_is_text_is_ascii_at_the_end(self) -> None:
        assert named(http_request(query="q=é"))["query"] == "q=%C3%A9"

    @pytest.mark.parametrize(
        "query",
        [
            {"a": ["1", "2"], "b c": "ü&="},
            {"a": ("1", "2"), "b c": ["ü&="]},
            [("a", "1"), ("a", "2"), ("b c", "ü&=")],
        ],
    )
    def test_that_is_decoded_is_encoded_as_a_form(self, query: Any) -> None:
        assert named(http_request(query=query))["query"] == "a=1&a=2&b+c=%C3%BC%26%3D"

    def test_that_is_decoded_may_be_an_iterator(self) -> None:
        assert named(http_request(query=iter([("a", "1"), ("a", "2")])))["query"] == "a=1&a=2"

    @given(st.lists(st.tuples(TEXT.filter(bool), TEXT)))
    def test_arrives_as_it_was(self, query: list[tuple[str, str]]) -> None:
        assert parse_qsl(named(http_request(query=query))["query"], keep_blank_values=True) == query

    def test_may_have_nulls_and_numbers(self) -> None:
        query: Any = {"a": None, "b": 7}
        assert named(http_request(query=query))["query"] == "a=&b=7"


class TestHeaders:
    @pytest.mark.parametrize(
        "headers",
        [
            {"X-A": ["1", "2"], "b": "3"},
            [("X-A", "1"), ("X-A", "2"), ("b", "3")],
            {"X-A": ["1", "2"], "c": None, "b": "3"},
        ],
    )
    def test_are_one_pair_a_line(self, headers: Any) -> None:
        assert named(http_request(headers=headers))["headers"] == [("X-A", "1"), ("X-A", "2"), ("b", "3")]

    def test_may_be_an_iterator(self) -> None:
        assert named(http_request(headers=iter([("X-A", "1"), ("b", "2")])))["headers"] == [("X-A", "1"), ("b", "2")]

    def test_that_are_spelled_as_usual_win(self) -> None:
        headers = [("host", "a.example"), ("HOST", "b.example"), ("Host", "own.example")]
        assert named(http_request(headers=headers))["host"] == "own.example"

    @pytest.mark.parametrize("name", ["Host", "host", "HOST"])
    def test_have_the_host_before_all_else(self, name: str) -> None:
        assert named(http_request(headers={name: "shop.example"}, host="other.example"))["host"] == "shop.example"

    def test_may_leave_the_host_to_the_argument(self) -> None:
        assert named(http_request(headers={"a": "1"}, host="other.example"))["host"] == "other.example"

    def test_have_one_cookie_line(self) -> None:
        made = named(http_request(headers=[("Cookie", "a=1"), ("x", "y"), ("cookie", "b=2")]))
        assert made["headers"] == [("x", "y"), ("cookie", "a=1; b=2")]

    @pytest.mark.parametrize("cookies", ["a=1; b=2", ["a=1", "b=2"], ("a=1", "b=2")])
    def test_may_have_the_cookies_apart(self, cookies: Any) -> None:
        assert named(http_request(cookies=cookies))["cookie"] == "a=1; b=2"

    def test_may_have_the_cookies_in_an_iterator(self) -> None:
        assert named(http_request(cookies=iter(["a=1", "b=2"])))["cookie"] == "a=1; b=2"

    @pytest.mark.parametrize("name", ["Cookie", "cookie"])
    def test_have_the_cookies_before_all_else(self, name: str) -> None:
        assert named(http_request(headers={name: "a=1"}, cookies=["a=1"]))["cookie"] is None


class TestBody:
    @given(st.binary())
    def test_of_bytes_arrives_byte_for_byte(self, body: bytes) -> None:
        made = named(http_request(body=body))
        assert decoded(made["body"], made["is_base64"]) == body

    @given(st.binary())
    def test_of_base64_arrives_byte_for_byte(self, body: bytes) -> None:
        made = named(http_request(body=base64.b64encode(body).decode(), is_base64=True))
        assert decoded(made["body"], made["is_base64"]) == body


def test_a_scheme_is_https_or_http() -> None:
    assert named(http_request(scheme="https"))["scheme"] == "https"


@pytest.mark.parametrize("scheme", ["ftp", "HTTPS"])
def test_a_scheme_that_is_none_is_the_event_s_fault(scheme: str) -> None:
    with pytest.raises(EventError, match="'http' or 'https', not"):
        http_request(scheme=scheme)


def test_an_event_of_aws_gives_the_same_request_by_it() -> None:
    event = sample("rest_custom_domain")
    by_it = http_request(
        method=event["httpMethod"],
        raw_path=event["path"],
        query=event["multiValueQueryStringParameters"],
        headers=event["multiValueHeaders"],
        client=event["requestContext"]["identity"]["sourceIp"],
        body=event["body"],
        is_base64=event["isBase64Encoded"],
    )
    by_hand = v1.request(event)
    assert scope_of(by_it, b"", event, None, {}) == scope_of(by_hand, b"", event, None, {})
    ours, theirs = environ_of(by_it, event, None), environ_of(by_hand, event, None)
    assert {**ours, "wsgi.input": None} == {**theirs, "wsgi.input": None}
