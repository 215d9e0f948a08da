from __future__ import annotations

from pathlib import Path

import pytest

from bridge.gateway import Template
from bridge.gateway._template import TemplateError

LOOPS = """
Transform: [AWS::LanguageExtensions, AWS::Serverless-2016-10-31]
Parameters: { Names: { Type: CommaDelimitedList, Default: "tea,cake" }, Kind: { Type: String, Default: hot } }
Globals: { Function: { Runtime: python3.13, Handler: app.handler, CodeUri: . } }
Conditions:
  Fn::ForEach::Wanted: [Name, !Ref Names, { "Is${Name}": !Equals [!Ref Name, tea] }]
Resources:
  Fn::ForEach::Functions:
    - Name
    - !Ref Names
    - Serve${Name}:
        Type: AWS::Serverless::Function
        Properties:
          FunctionName: !Join ["-", [serve, !Ref Name]]
          Environment:
            Variables: { WANTED: !If ["Is${Name}", "yes", "no"], OTHER: !Sub "${AWS::Region} ${Kind} ${Name}" }
          Events:
            Fn::ForEach::Events:
              - Place
              - [x-y, z, 1]
              - Get&{Place}: { Type: HttpApi, Properties: { Path: "/${Name}/${Place}", Method: GET } }
Outputs:
  Fn::ForEach::Arns: [Name, !Ref Names, { "Arn${Name}": { Value: !GetAtt ["Serve${Name}", Arn] } }]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "app.py").touch()
    (tmp_path / "template.yaml").write_text(LOOPS)
    return tmp_path / "template.yaml"


def test_loops_make_resources_properties_conditions_and_outputs(path: Path) -> None:
    template = Template(path)
    assert template.notes == []
    functions = template._stack.functions
    assert {name: function.name for name, function in functions.items()} == {
        "Servetea": "serve-tea",
        "Servecake": "serve-cake",
    }
    assert functions["Servetea"].environment == {"WANTED": "yes", "OTHER": "us-east-1 hot tea"}
    assert functions["Servecake"].environment["WANTED"] == "no"
    assert [route.key for route in template._stack.apis["ServerlessHttpApi"].routes] == [
        "GET /tea/x-y", "GET /tea/z", "GET /tea/1", "GET /cake/x-y", "GET /cake/z", "GET /cake/1",
    ]  # fmt: skip
    assert {each.name for each in template._stack.permissions} >= {"ServeteaGetxyPermission"}
    assert template.outputs["Arncake"].endswith(":function:serve-cake")


def test_a_loop_without_its_transform_is_said(path: Path) -> None:
    path.write_text(LOOPS.replace("AWS::LanguageExtensions, ", ""))
    assert Template(path).notes == ["line 8: in AWS, Fn::ForEach wants the transform AWS::LanguageExtensions"]


@pytest.mark.parametrize(
    ("loop", "said"),
    [
        ("[A, [x]]", "line 2: Fn::ForEach::L takes an identifier, a collection, and a map of what it makes"),
        ("[A, [x], y]", "line 2: Fn::ForEach::L takes an identifier"),
        ("{}", "line 2: Fn::ForEach::L takes an identifier"),
        ("[A, !Ref Nothing, {}]", "line 2: the collection of Fn::ForEach::L is no list"),
        ("[A, x, {}]", "line 2: the collection of Fn::ForEach::L is no list"),
        ("[A, [x, y], { B: { Type: C } }]", "line 2: a loop makes B, which is there already"),
    ],
)
def test_a_loop_of_another_form_is_refused(path: Path, loop: str, said: str) -> None:
    path.write_text(f"Resources:\n  Fn::ForEach::L: {loop}\n")
    with pytest.raises(TemplateError) as refused:
        Template(path)
    assert said in str(refused.value)


def nested(levels: int) -> str:
    inner = '{ "R${A0}": { Type: B } }'
    for level in range(levels):
        inner = f"{{ Fn::ForEach::L{level}: [A{level}, [{', '.join(map(str, range(20)))}], {inner}] }}"
    return inner


@pytest.mark.parametrize(
    "resources",
    [
        nested(6),
        # A long text in a text of many places, as often as it is named.
        f'{{ Fn::ForEach::L: [A, [{"x" * 50_000}], {{ "R": {{ Type: B, Metadata: "{"${A}" * 50_000}" }} }}] }}',
    ],
)
def test_bombs_of_loops_are_refused(path: Path, resources: str) -> None:
    path.write_text(f"Resources: {resources}\n")
    with pytest.raises(TemplateError, match=r"line 1: (loops make more than 100,000 values|a loop makes R)"):
        Template(path)
