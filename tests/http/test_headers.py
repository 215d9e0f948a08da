from collections.abc import Callable
from typing import Any

import pytest
from a2wsgi import WSGIMiddleware
from flask import Flask, request
from hypothesis import given, strategies as st

from bridge import AppError, Bridge, _http as headers
from bridge._http import (
    ASGI_NAMES,
    ResponseNames,
    first,
    from_asgi,
    from_wsgi,
    items,
    joined,
    to_asgi,
    to_environ,
    to_lists,
)
from bridge.errors import EventError

from ..frameworks.events import SOURCES

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


def environ(*lines: tuple[Any, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    to_environ(lines, made)
    return made


class TestToAsgi:
    def test_names_are_lower_case_bytes_and_values_utf8(self) -> None:
        assert to_asgi([("X-Name", "a"), ("city", "Łódź")]) == [(b"x-name", b"a"), (b"city", "Łódź".encode())]

    def test_a_lone_surrogate_is_a_question_mark_in_a_name_too(self) -> None:
        assert to_asgi([("x-\ud800", "\ud800"), ("a", "1")]) == [(b"x-?", b"?"), (b"a", b"1")]

    @pytest.mark.parametrize("name", ["x-amzn-trace-id", "X-Amzn-Trace-Id", "X-AMZN-TRACE-ID"])
    def test_every_spelling_of_the_traces_name_is_the_same_object(self, name: str) -> None:
        lines: list[tuple[str, Any]] = [(name, "1"), ("null", None)]
        assert [to_asgi(lines[:count])[0][0] is headers.TRACE for count in (1, 2)] == [True, True]

    def test_lines_stay_as_many_as_they_are_and_in_order(self) -> None:
        lines = [("b", "1"), ("a", "2"), ("b", "3")]
        assert to_asgi(lines) == [(b"b", b"1"), (b"a", b"2"), (b"b", b"3")]

    def test_null_is_no_line(self) -> None:
        lines: Any = [("a", None), ("b", "7")]
        assert to_asgi(lines) == [(b"b", b"7")]

    @pytest.mark.parametrize("value", [7, True, ["a", "b"], {"a": "b"}])
    def test_what_is_no_text_is_an_error_of_the_event(self, value: Any) -> None:
        with pytest.raises(EventError, match=f"the header 'b' must be a string, not {type(value).__name__}"):
            to_asgi([("b", value)])

    @given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT)))
    def test_no_text_raises(self, lines: list[tuple[str, str]]) -> None:
        kept = [name for name, _ in lines if name and "_" not in name and name.lower() not in headers.HOP_BY_HOP]
        assert len(to_asgi(lines)) == len(kept)

    def test_a_name_with_an_underscore_does_not_arrive_as_in_wsgi(self) -> None:
        lines = [("x_forwarded_proto", "http"), ("X-Forwarded-Proto", "https"), ("x_a", "1")]
        assert to_asgi(lines) == [(b"x-forwarded-proto", b"https")]
        assert "x_a" not in ASGI_NAMES


def test_a_wsgi_app_below_an_asgi_app_is_not_spoofed() -> None:
    app = Flask(__name__)

    @app.get("/")
    def seen() -> str:
        return f"{request.headers.get('X-Amzn-Oidc-Identity')} {request.headers['X-Forwarded-Proto']}"

    flask: Any = app
    forged = [("x_amzn_oidc_identity", "root"), ("x_forwarded_proto", "http")]
    for source in SOURCES:
        for _ in range(2):
            result = Bridge(WSGIMiddleware(flask), lifespan="off")(source.event("GET", "/", headers=forged))
            assert source.reply(result).text == "None https"


@pytest.mark.parametrize("name", sorted(headers.HOP_BY_HOP))
def test_names_that_belong_to_the_clients_connection_do_not_arrive(name: str) -> None:
    for spelling in (name, name.title(), name.upper()):
        for _ in range(2):
            assert to_asgi([(spelling, "1"), ("x-a", "2")]) == [(b"x-a", b"2")]
            assert environ((spelling, "1"), ("x-a", "2")) == {"HTTP_X_A": "2"}


class TestToEnviron:
    def test_names_are_upper_case_with_http_in_front(self) -> None:
        assert environ(("x-name", "a"), ("Accept", "b")) == {"HTTP_X_NAME": "a", "HTTP_ACCEPT": "b"}

    def test_content_type_and_content_length_have_no_http_in_front(self) -> None:
        made = environ(("Content-Type", "text/plain"), ("content-length", "3"))
        assert made == {"CONTENT_TYPE": "text/plain", "CONTENT_LENGTH": "3"}

    def test_values_are_latin1_text_of_utf8_bytes(self) -> None:
        assert environ(("city", "Łódź"))["HTTP_CITY"].encode("latin-1") == "Łódź".encode()

    def test_repeated_lines_are_joined_with_a_comma_and_cookies_with_a_semicolon(self) -> None:
        lines = [("x-a", "1"), ("Cookie", "a=1"), ("X-A", "2"), ("cookie", "b=2")]
        for _ in range(2):
            assert environ(*lines) == {"HTTP_X_A": "1,2", "HTTP_COOKIE": "a=1; b=2"}

    @pytest.mark.parametrize("name", ["x_forwarded_proto", "X_Forwarded-Proto", "_", "näme"])
    def test_a_name_that_could_pose_as_another_does_not_arrive(self, name: str) -> None:
        assert environ((name, "evil"), ("x-forwarded-proto", "https")) == {"HTTP_X_FORWARDED_PROTO": "https"}
        assert environ((name, "evil"), (name, "evil")) == {}

    @pytest.mark.parametrize("times", [1, 2])
    def test_names_that_were_met_before_are_treated_the_same(self, times: int) -> None:
        lines = [("Accept", "a"), ("x_y", "b"), ("city", "Łódź")]
        assert [environ(*lines) for _ in range(times)][-1] == {
            "HTTP_ACCEPT": "a",
            "HTTP_CITY": "Łódź".encode().decode("latin-1"),
        }

    def test_null_is_no_line_and_a_lone_surrogate_a_question_mark(self) -> None:
        for _ in range(2):
            assert environ(("a", None), ("c", "\ud800")) == {"HTTP_C": "?"}

    @pytest.mark.parametrize("value", [7, True, ["a", "b"], {"a": "b"}])
    def test_what_is_no_text_is_an_error_of_the_event(self, value: Any) -> None:
        for _ in range(2):
            with pytest.raises(EventError, match=f"the header 'b' must be a string, not {type(value).__name__}"):
                environ(("b", value))

    def test_what_was_in_the_environ_stays(self) -> None:
        made = {"REQUEST_METHOD": "GET"}
        to_environ([("request-method", "POST")], made)
        assert made == {"REQUEST_METHOD": "GET", "HTTP_REQUEST_METHOD": "POST"}

    @given(st.lists(st.tuples(ANY_TEXT, ANY_TEXT)))
    def test_no_text_raises_and_all_that_arrives_is_latin1(self, lines: list[tuple[str, str]]) -> None:
        for name, value in environ(*lines).items():
            assert name.isascii()
            assert value.encode("latin-1").decode()[:1] is not None


def responses(*lines: tuple[str, str], exclude: tuple[str, ...] = ()) -> list[Any]:
    """The same lines, as an ASGI and as a WSGI app sends them."""
    names = ResponseNames(exclude)
    raw = [(name.encode(), value.encode("latin-1")) for name, value in lines]
    return [from_asgi(raw, names), from_wsgi(lines, names)]


class TestResponses:
    def test_names_are_lower_case_and_values_text(self) -> None:
        for single, cookies, repeated in responses(("X-Name", "caf\xe9"), ("ETag", "")):
            assert single == {"x-name": "caf\xe9", "etag": ""}
            assert cookies == []
            assert repeated == {}

    def test_repeated_lines_are_kept_joined_and_one_by_one(self) -> None:
        for single, _, repeated in responses(("Vary", "a"), ("x", "1"), ("vary", "b"), ("VARY", "c")):
            assert single == {"vary": "a, b, c", "x": "1"}
            assert repeated == {"vary": ["a", "b", "c"]}

    def test_cookies_are_kept_apart(self) -> None:
        for single, cookies, repeated in responses(("Set-Cookie", "a=1"), ("set-cookie", "b=2")):
            assert (single, cookies, repeated) == ({}, ["a=1", "b=2"], {})

    @pytest.mark.parametrize("around", ["", " ", "\t ", "X", "\xa0"])
    def test_of_the_spaces_around_a_cookie_those_that_http_has_are_taken_off_for_django(self, around: str) -> None:
        value = f"{around}a=1{around}"
        asgi, wsgi = responses(("Set-Cookie", value))
        assert (asgi[1], wsgi[1]) == ([value], [value.strip(" \t")])

    @pytest.mark.parametrize("name", ["X-Powered-By", "SET-COOKIE", "vary"])
    def test_excluded_names_are_not_sent_however_they_are_written(self, name: str) -> None:
        lines = [(name.lower(), "1"), (name.title(), "2"), (name, "3"), ("etag", "4")]
        for response in responses(*lines, exclude=(name.swapcase(),)):
            assert response == ({"etag": "4"}, [], {})

    @pytest.mark.parametrize("name", sorted(headers.NOT_FORWARDED))
    def test_names_that_belong_to_the_connection_are_not_sent(self, name: str) -> None:
        for response in responses((name.title(), "1"), (name, "2")):
            assert response == ({}, [], {})
        assert ResponseNames()[name.title()] == ResponseNames(["x"]).bodiless["X"] == ""

    @pytest.mark.parametrize("value", ["a\r\nSet-Cookie: evil=1", "a\nb", "a\rb", "a\0b"])
    def test_a_value_that_would_end_the_line_is_an_error_of_the_app(self, value: str) -> None:
        with pytest.raises(AppError, match="'x' whose value has a control character"):
            from_asgi([(b"x", value.encode())], ResponseNames())
        with pytest.raises(AppError, match="'x' whose value has a control character"):
            from_wsgi([("x", value)], ResponseNames())

    def test_a_tab_and_letters_that_do_not_print_may_stand_in_a_value(self) -> None:
        for single, _, _ in responses(("x", "a\tb\xa0\xad")):
            assert single == {"x": "a\tb\xa0\xad"}

    @pytest.mark.parametrize("name", ["", "a b", "a:", "caf\xe9", "a\nb", "x\x00"])
    def test_a_name_that_is_no_token_is_an_error_of_the_app(self, name: str) -> None:
        with pytest.raises(AppError, match="not a token of RFC 9110"):
            from_asgi([(name.encode("latin-1"), b"1")], ResponseNames())
        with pytest.raises(AppError, match="not a token of RFC 9110"):
            from_wsgi([(name, "1")], ResponseNames())

    @pytest.mark.parametrize(
        "lines", [[(b"a", "1")], [("a",)], [(7, b"1")], ["abc"], None, [(b"a", None)], [(b"a", b"1", 2)], [([], b"1")]]
    )
    def test_lines_that_are_no_pairs_of_bytes_are_an_error_of_an_asgi_app(self, lines: Any) -> None:
        with pytest.raises(AppError, match=r"no pairs of bytes|not a token"):
            from_asgi(lines, ResponseNames())

    @pytest.mark.parametrize("lines", [[("a", b"1")], [("a", 1)], [("a",)], None, [("a", None)], [([], "1")]])
    def test_lines_that_are_no_pairs_of_str_are_an_error_of_a_wsgi_app(self, lines: Any) -> None:
        with pytest.raises(AppError, match="no pairs of str"):
            from_wsgi(lines, ResponseNames())

    def test_names_beyond_latin1_are_an_error_of_the_app(self) -> None:
        with pytest.raises(AppError, match="not a token"):
            from_wsgi([("日", "1")], ResponseNames())

    def test_lists_have_every_line_of_every_name(self) -> None:
        for response in responses(("a", "1"), ("b", "2"), ("a", "3"), ("set-cookie", "c"), ("set-cookie", "d")):
            assert to_lists(response) == {"a": ["1", "3"], "b": ["2"], "set-cookie": ["c", "d"]}

    def test_lists_have_no_cookies_where_there_are_none(self) -> None:
        assert to_lists(({}, [], {})) == {}


class TestItems:
    @pytest.mark.parametrize("multi", [None, {}])
    def test_without_multi_value_headers_they_are_the_single_ones(self, multi: dict[str, list[str]] | None) -> None:
        assert list(items(multi, {"a": "1"})) == [("a", "1")]
        assert list(items(multi, None)) == []

    def test_every_value_is_a_line(self) -> None:
        assert list(items({"a": ["1", "2"], "b": ["3"]}, {"a": "2"})) == [("a", "1"), ("a", "2"), ("b", "3")]

    def test_cookie_lines_become_one(self) -> None:
        assert list(items({"Cookie": ["a=1", "b=2"], "x": ["3"]}, None)) == [("x", "3"), ("cookie", "a=1; b=2")]

    @pytest.mark.parametrize("values", [["2"], ["2", "3"], None])
    @pytest.mark.parametrize("single", [{"a": "x", "B": "x", "C": "4"}, {"C": "4"}])
    def test_a_name_that_one_map_lacks_comes_from_the_other(self, values: Any, single: dict[str, str]) -> None:
        found = items({"A": ["1"], "b": values}, single)
        assert list(found) == [("C", "4"), ("A", "1"), *(("b", value) for value in values or ())]

    @pytest.mark.parametrize("values", ["ab", {"a": "b"}, 7])
    def test_values_that_are_no_list_are_an_error(self, values: Any) -> None:
        with pytest.raises(TypeError, match=f"^{type(values)}$"):
            items({"a": values, "b": ["1"]}, None)

    def test_null_values_are_no_lines(self) -> None:
        multi: Any = {"a": None, "b": [], "c": ["1"]}
        assert list(items(multi, None)) == [("c", "1")]

    def test_cookie_lines_become_one_beside_null_values(self) -> None:
        multi: Any = {"Cookie": ["a=1", "b=2"], "x": None}
        assert list(items(multi, {"Cookie": "b=2", "x": ""})) == [("cookie", "a=1; b=2")]


READERS = pytest.mark.parametrize("read", [first, joined])


@READERS
@pytest.mark.parametrize("others", [{"x-PROBE": "other"}, {"x-PROBE": "other", "x-probe": "lower"}])
@pytest.mark.parametrize("is_last", [False, True])
def test_of_a_header_in_several_cases_the_one_asked_for_counts_and_then_that_in_lower_case(
    read: Callable[[dict[str, object], str], str | None], others: dict[str, object], is_last: bool
) -> None:
    own: dict[str, object] = {"X-Probe": "own"}
    assert read({**others, **own} if is_last else {**own, **others}, "X-Probe") == "own"
    assert read(others, "X-Probe") == others.get("x-probe", "other")


class TestFirst:
    @pytest.mark.parametrize("spelling", ["X-Forwarded-Proto", "x-forwarded-proto", "X-FORWARDED-PROTO"])
    @pytest.mark.parametrize("wrap", [lambda value: value, lambda value: [value], lambda value: [value, "other"]])
    def test_is_found_however_it_is_written(self, spelling: str, wrap: Callable[[str], object]) -> None:
        assert first({"other": "1", spelling: wrap("https")}, "X-Forwarded-Proto") == "https"

    def test_prefers_the_gateways_spelling_to_a_clients(self) -> None:
        given = {"x-forwarded-proto": "evil", "X-Forwarded-Proto": "https"}
        assert first(given, "X-Forwarded-Proto") == "https"

    @pytest.mark.parametrize("given", [None, {}, {"other": "1"}, {"host": None}, {"host": []}, {"host": 7}])
    def test_is_none_where_there_is_none(self, given: dict[str, object] | None) -> None:
        assert first(given, "Host") is None


class TestJoined:
    @pytest.mark.parametrize(
        ("given", "value"),
        [({"a": "1"}, "1"), ({"A": ["1", "2"]}, "1,2"), ({"a": []}, ""), ({"a": 7}, None), ({}, None), (None, None)],
    )
    def test_is_all_lines_as_one(self, given: dict[str, object] | None, value: str | None) -> None:
        assert joined(given, "a") == value


class TestTables:
    """Clients choose names, so what is learned from them has an end."""

    FLOOD = 100_000

    def test_of_request_names_stay_bounded_under_a_flood(self) -> None:
        for number in range(self.FLOOD):
            line = (f"x-{number}", "1")
            assert to_asgi([line]) == [(line[0].encode(), b"1")]
            assert environ(line) == {f"HTTP_X_{number}": "1"}
            assert len(headers.ASGI_NAMES) <= headers.TABLE_SIZE
            assert len(headers._environ_keys) <= headers.TABLE_SIZE

    def test_learn_the_names_of_others_again_after_a_flood(self) -> None:
        for number in range(headers.TABLE_SIZE + 100):
            to_asgi([(f"x-{number}", "1")])
            environ((f"x-{number}", "1"))
        known = [("host", "a"), ("accept", "b")]
        to_asgi([*known, ("x-new", "1")])
        environ(*known, ("x-new", "1"))
        for table in (headers.ASGI_NAMES, headers._environ_keys):
            assert {"host", "accept", "x-new"} <= set(table)

    @pytest.mark.parametrize("first_lines", [0, 1, headers.TABLE_SIZE - 1])
    def test_take_as_many_names_as_they_have_room_for(self, first_lines: int) -> None:
        lines = [(f"x-{number}", "1") for number in range(headers.TABLE_SIZE)]
        for part in (lines[:first_lines], lines[first_lines:]):
            to_asgi(part)
            environ(*part)
        for table in (headers.ASGI_NAMES, headers._environ_keys):
            assert set(table) == {name for name, _ in lines}

    def test_do_without_a_request_that_has_more_names_than_a_table(self) -> None:
        lines = [(f"X-{number}", "é") for number in range(headers.TABLE_SIZE + 1)]
        assert to_asgi(lines) == [(name.lower().encode(), "é".encode()) for name, _ in lines]
        assert environ(*lines) == {f"HTTP_X_{number}": "é".encode().decode("latin-1") for number in range(len(lines))}

    def test_of_response_names_stay_bounded_under_a_flood(self) -> None:
        names = ResponseNames()
        for number in range(self.FLOOD):
            assert from_wsgi([(f"X-{number}", "1")], names) == ({f"x-{number}": "1"}, [], {})
            assert len(names) <= headers.TABLE_SIZE


def test_an_error_says_what_headers_are_made_of_and_not_what_they_are() -> None:
    lines: Any = [(b"a", b"secret"), ("b", 7), {"c": "secret"}] + [b"secret"] * 30
    named = ", ".join(["tuple(bytes, bytes)", "tuple(str, int)", "dict", *["bytes"] * 17])
    read: list[Callable[[Any, ResponseNames], Any]] = [from_asgi, from_wsgi]
    for function in read:
        with pytest.raises(AppError) as caught:
            function(lines, ResponseNames())
        assert str(caught.value).endswith(f", but list({named})")
