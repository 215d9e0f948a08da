"""Templates in which something has another form are served, or refused with a clear error. Nothing else happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings, strategies as st

from bridge.errors import ConfigurationError
from bridge.gateway import Template
from bridge.gateway._template import TemplateError, fronts, stack
from bridge.gateway._template.deployment import Deployment
from bridge.gateway._template.document import load
from bridge.gateway._template.stack import Inputs
from bridge.gateway._template.values import Items, Section

FOLDER = Path(__file__).parent / "templates"
PATHS = [FOLDER / name / "template.yaml" for name in ("desk", "plain")]
GONE = object()
OTHERS = [
    None, "x", "", 5, -1, True, "${x}", "GET /x", "arn:aws:lambda:us-east-1:1:function:x", GONE,
    [], ["a"], [[]], {}, {"Ref": "Nothing"}, {"Ref": "AWS::NoValue"}, {"a": "b"},
]  # fmt: skip


def copied(value: Any) -> Any:
    if isinstance(value, dict):
        section = Section(line=getattr(value, "line", 1))
        section.lines = dict(getattr(value, "lines", {}))
        section.update({name: copied(each) for name, each in value.items()})
        return section
    if isinstance(value, list):
        items = Items(getattr(value, "line", 1))
        items.extend(map(copied, value))
        return items
    return value


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Return each map or list with each of its keys or places."""
    keys = list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ()
    for key in keys:
        yield value, key
        yield from places(value[key])


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(PATHS), st.randoms(use_true_random=False), st.integers(1, 2))
def test_a_mutated_template_is_served_or_refused(path: Path, random: Random, times: int) -> None:
    document = copied(load(path))
    for _ in range(times):
        container, key = random.choice(list(places(document)))
        other = random.choice(OTHERS)
        if other is GONE:
            del container[key]
        else:
            container[key] = copied(other)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stack, "load", lambda _: document)
        try:
            found = stack.read(path, Inputs())
        except TemplateError:
            return
    with suppress(ConfigurationError):
        fronts.made(Deployment(found), {})


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            "{ A: { Type: AWS::Serverless::Function,"
            " Properties: { Events: { E: { Type: SQS, Properties: { BatchSize: x } } } } } }",
            "line 1: A has something of a form that is not known here",
        ),
        ("{ A: { Type: AWS::SQS::Queue }, B: 5 }", ""),
        ("{ A: { Type: AWS::Serverless::Function, Properties: 5 } }", "the Properties of A are no map"),
    ],
)  # fmt: skip
def test_an_error_names_the_resource_that_has_another_form(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "template.yaml").write_text(f"Resources: {text}\n")
    if not said:
        assert Template(tmp_path / "template.yaml").outputs == {}
        return
    with pytest.raises(TemplateError) as refused:
        Template(tmp_path / "template.yaml")
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Resources: { A: { Type: B } }\nOutputs: [1]\n", "line 2: Outputs is no map"),
        ("Resources: 5\n", "line 1: Resources is no map"),
        ("Parameters: { A: 5 }\nResources: { A: { Type: B } }\n", "has something of a form"),
    ],
)
def test_an_error_before_the_first_resource_names_none(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "template.yaml").write_text(text)
    with pytest.raises(TemplateError, match=said):
        Template(tmp_path / "template.yaml")
