from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings, strategies as st

from bridge.gateway._template.document import DEPTH, SIZE, load, parse
from bridge.gateway._template.values import Section, TemplateError

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1, max_size=9), inner, max_size=4),
    max_leaves=20,
)


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.text(min_size=1, max_size=9), VALUES, min_size=1), st.sampled_from([None, 2, "\t"]))
def test_json_is_read_as_json_is(value: object, indent: int | str | None) -> None:
    # "<<" merges in YAML, and nothing says so in JSON.
    for ascii_only in (True, False):
        text = json.dumps(value, indent=indent, ensure_ascii=ascii_only)
        if '"<<"' not in text:
            assert parse(text.encode(), "t") == json.loads(text)


def test_yaml_has_cloudformations_short_forms_and_knows_its_lines() -> None:
    section = parse(b"a: !Ref B\nb: !GetAtt C.Arn\nc: !Sub [x, {y: !Ref Z}]\nd: !If [a, !Ref AWS::NoValue, 1]\n", "t")
    assert section == {
        "a": {"Ref": "B"},
        "b": {"Fn::GetAtt": ["C", "Arn"]},
        "c": {"Fn::Sub": ["x", {"y": {"Ref": "Z"}}]},
        "d": {"Fn::If": ["a", {"Ref": "AWS::NoValue"}, 1]},
    }
    assert section.lines == {"a": 1, "b": 2, "c": 3, "d": 4}
    assert section["d"].line == 4


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2010-09-09", "2010-09-09"),
        ("!!binary aGk=", "aGk="),
        ("1:x", "1:x"),
        ("yes", True),
        ('"yes"', "yes"),
        ("! 12", "12"),
        ("!!str 12", "12"),
        ("!!int x", "x"),
        ("!!seq x", "x"),
        ("~", None),
        ("1.5", 1.5),
        ("&a tea", "tea"),
        ("9" * 5000, "9" * 5000),
        ("!Condition Is", {"Condition": "Is"}),
    ],
)
def test_scalars_are_what_yaml_says_and_no_dates(text: str, value: object) -> None:
    assert parse(f"a: {text}".encode(), "t") == {"a": value}


def test_keys_are_texts_as_cloudformation_has_them() -> None:
    assert parse(b"200: a\ntrue: b\n1.5: c\n", "t") == {"200": "a", "true": "b", "1.5": "c"}


def test_aliases_stand_for_their_values_and_merge_keys_yield_to_a_maps_own() -> None:
    text = b"base: &b {x: 1, y: &l [1, 2]}\none: {<<: *b, x: 2}\ntwo: {y: 3, <<: [*b, {z: 4}]}\nthree: *l\n"
    assert parse(text, "t") == {
        "base": {"x": 1, "y": [1, 2]},
        "one": {"x": 2, "y": [1, 2]},
        "two": {"x": 1, "y": 3, "z": 4},
        "three": [1, 2],
    }


def test_json_with_a_pair_of_surrogates_is_one_character() -> None:
    assert parse(b'{"a": "\\ud83d\\ude00"}', "t") == {"a": "\U0001f600"}


LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[" * 100_000, f"more than {DEPTH} levels"),
        ("{" * 100_000, f"more than {DEPTH} levels"),
        ("a: &a [*a]", "line 1: *a is inside of itself"),
        ("a: 1\nb: *a", "line 2: there is no &a"),
        (LAUGHS, "more than 100,000 values"),
        ("a: 1\na: 2", "line 2: a is there already, in line 1"),
        ("a: 1\n? [x]\n: 2", "line 2: a key must be a text"),
        ("a: {<<: 1}", "line 1: << takes a map"),
        ("a: 1\nb: !Nothing x", "line 2: there is no function !Nothing"),
        ("a: 1\n b: 2", "line 2: mapping values are not allowed"),
        ("a: \x07", "t is no YAML"),
        ("[1]", "t is no map"),
        ("", "t is no map"),
        ('{"a": 1', "did not find expected ',' or '}'"),
    ],
)
def test_what_cannot_be_read_is_said_with_its_line(text: str, said: str) -> None:
    with pytest.raises(TemplateError) as refused:
        parse(text.encode(), "t")
    assert said in str(refused.value)


def test_a_file_is_read_or_it_is_said_why_not(tmp_path: Path) -> None:
    path = tmp_path / "t.yaml"
    with pytest.raises(TemplateError, match="cannot read"):
        load(path)
    path.write_bytes(b"\xff")
    with pytest.raises(TemplateError, match="is not UTF-8"):
        load(path)
    path.write_bytes(b"a: " + b"x" * SIZE)
    with pytest.raises(TemplateError, match="CloudFormation takes"):
        load(path)
    path.write_bytes(b"\xef\xbb\xbfa: 1")
    assert load(path) == {"a": 1}
    assert Section().line == 0
