"""Media types that are said to be text."""

from fnmatch import fnmatchcase
from itertools import product
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge import Bridge, ConfigurationError
from bridge._http.media_types import matcher

from ..apps import Asgi, Reply
from ..samples import sample

TYPES = ["text/html", "image/svg+xml", "application/vnd.api+json", "application/json", "image/png"]


@pytest.mark.parametrize(
    ("patterns", "fitting"),
    [
        ("image/svg+xml", ["image/svg+xml"]),
        (["text/*"], ["text/html"]),
        (["Image/*"], ["image/svg+xml", "image/png"]),
        (["application/*json", "text/html"], ["text/html", "application/vnd.api+json", "application/json"]),
        (("*/*+json",), ["application/vnd.api+json"]),
        ({"*/*"}, TYPES),
        ([], []),
    ],
)
def test_a_type_fits_a_pattern(patterns: Any, fitting: list[str]) -> None:
    fits = matcher(patterns)
    assert [name for name in TYPES if fits(name)] == fitting


def test_a_star_is_any_characters_in_every_short_pattern_and_type() -> None:
    types = ["a/" + "".join(letters) for size in range(5) for letters in product("ab", repeat=size)]
    for pattern in ["a/" + "".join(letters) for size in range(6) for letters in product("ab*", repeat=size)]:
        fits = matcher(pattern)
        assert [name for name in types if fits(name)] == [name for name in types if fnmatchcase(name, pattern)], pattern


@given(st.text("ab*"), st.text("ab*"), st.text("ab"), st.text("ab"))
def test_a_star_is_any_characters_and_none(left: str, right: str, family: str, subtype: str) -> None:
    pattern, media_type = f"{left}/{right}", f"{family}/{subtype}"
    assert matcher([pattern])(media_type) == fnmatchcase(media_type, pattern)


@pytest.mark.parametrize("wrong", [True, 7, [7], ["text"], ["text/html; charset=utf-8"], [b"text/html"], ""])
def test_what_is_no_media_type_is_refused_when_bridge_is_made(wrong: Any) -> None:
    named = wrong[0] if isinstance(wrong, list) else wrong
    with pytest.raises(ConfigurationError, match=rf"^Bridge\(is_text=\.\.\.\) takes a function .*, not {named!r}\.$"):
        Bridge(Asgi(), is_text=wrong)


@pytest.mark.parametrize(("is_text", "base64"), [(["image/svg+xml"], False), ("text/*", True)])
def test_bridge_takes_patterns_where_it_takes_a_function(is_text: Any, base64: bool) -> None:
    app = Asgi(Reply(headers=[("content-type", b"image/svg+xml; charset=utf-8")], body=b"<svg/>"))
    assert Bridge(app, is_text=is_text)(sample("http_api"))["isBase64Encoded"] is base64
