from urllib.parse import parse_qsl, quote_from_bytes, unquote_to_bytes

import pytest
from hypothesis import given, strategies as st

from bridge._http import url

ANY_CHARACTER = st.characters(codec=None, exclude_categories=())


@pytest.mark.parametrize(
    ("wire", "path"),
    [
        ("/plain", "/plain"),
        ("/a%20b", "/a b"),
        ("/a+b", "/a+b"),
        ("/a%2Fb", "/a/b"),
        ("/a%2541", "/a%41"),
        ("/caf%c3%a9", "/café"),
        ("/100%", "/100%"),
        ("/%zz", "/%zz"),
        ("/café%20é", "/café é"),
    ],
)
def test_decoded_undoes_the_escapes_of_a_path_once(wire: str, path: str) -> None:
    assert url.decode_path(wire) == path


def test_decoded_keeps_bytes_that_are_not_utf8_as_surrogate_escapes() -> None:
    assert url.decode_path("/%FF").encode("utf-8", "surrogateescape") == b"/\xff"


@pytest.mark.parametrize(
    ("path", "wire"),
    [
        ("/plain/a-b._~", b"/plain/a-b._~"),
        ("/!$&'()*+,;=:@", b"/!$&'()*+,;=:@"),
        ("/a b", b"/a%20b"),
        ("/a?b#c", b"/a%3Fb%23c"),
        ("/100%", b"/100%25"),
        ("/café", b"/caf%C3%A9"),
    ],
)
def test_encoded_escapes_what_does_not_stand_in_a_path_as_itself(path: str, wire: bytes) -> None:
    assert url.encode_path(path) == wire


@given(st.text())
def test_encoded_and_decoded_are_inverse_for_any_text(path: str) -> None:
    assert url.decode_path(url.encode_path(path).decode("ascii")) == path


@given(st.binary())
def test_encoded_and_decoded_are_inverse_for_any_bytes(raw: bytes) -> None:
    path = url.decode_path(quote_from_bytes(raw))
    assert unquote_to_bytes(url.encode_path(path)) == raw


@given(st.text(ANY_CHARACTER))
def test_nothing_raises_on_any_text_that_json_can_carry(text: str) -> None:
    assert url.encode_path(url.decode_path(text)).isascii()
    assert url.escape(text).isascii()
    assert url.encode_form([(text, text)]).isascii()


@pytest.mark.parametrize("text", ["/a%20b?x=1", "/a b", "%", "q=%FF&r=+"])
def test_wire_leaves_ascii_as_it_is(text: str) -> None:
    assert url.escape(text) == text.encode()


def test_wire_escapes_what_is_not_ascii_and_nothing_else() -> None:
    assert url.escape("/a%20b/é?") == b"/a%20b/%C3%A9?"


@pytest.mark.parametrize(
    ("items", "query"),
    [
        ([], ""),
        ([("a", "1")], "a=1"),
        ([("a", "1"), ("a", "2"), ("b", "")], "a=1&a=2&b="),
        ([("a b", "c+d")], "a+b=c%2Bd"),
        ([("ä", "&=")], "%C3%A4=%26%3D"),
        ([("a", "٣")], "a=%D9%A3"),
    ],
)
def test_form_encodes_as_a_form_does(items: list[tuple[str, str]], query: str) -> None:
    assert url.encode_form(items) == query


@given(st.lists(st.tuples(st.text(), st.text())))
def test_form_is_read_back_by_a_form_parser(items: list[tuple[str, str]]) -> None:
    # An item with neither name nor value is "=", which parsers take for nothing.
    wanted = [item for item in items if item != ("", "")]
    assert parse_qsl(url.encode_form(wanted), keep_blank_values=True) == wanted


@pytest.mark.parametrize("lone", ["\ud800", "a\ud83db"])
def test_lone_surrogates_become_question_marks(lone: str) -> None:
    expected = "".join("?" if "\ud800" <= character <= "\udfff" else character for character in lone)
    assert url.decode_path(url.encode_path(lone).decode()) == expected
    assert url.encode_form([("q", lone)]) == "q=" + expected.replace("?", "%3F")
