from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bridge.gateway import Template
from bridge.gateway._template import TemplateError

HEAD = """
Parameters:
  Size: {{ Type: Number, Default: 3 }}
  Names: {{ Type: CommaDelimitedList, Default: "a, b" }}
  None: {{ Type: List<Number>, Default: "" }}
  Secret: {{ Type: "AWS::SSM::Parameter::Value<String>", Default: /secret }}
Mappings: {{ By: {{ us-east-1: {{ Letter: u, List: [1, 2] }} }} }}
Conditions:
  IsThree: !Equals [!Ref Size, 3]
  IsNot: !Not [!Condition IsThree]
  Both: !And [!Condition IsThree, !Or [!Condition IsNot, !Equals [true, "true"]]]
Resources:
  Topic: {{ Type: AWS::SNS::Topic }}
  F: {{ Type: AWS::Lambda::Function, Properties: {{ FunctionName: fun }} }}
  Api: {{ Type: AWS::Serverless::HttpApi }}
Outputs:
  Found: {{ Value: {} }}
"""


def found(tmp_path: Path, text: str, **options: Any) -> str:
    path = tmp_path / "template.yaml"
    path.write_text(HEAD.format(text))
    return Template(path, **options).outputs["Found"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("!Ref Size", "3"),
        ("!Ref AWS::Region", "us-east-1"),
        ("!Ref AWS::URLSuffix", "amazonaws.com"),
        ("!Ref Topic", "arn:aws:sns:us-east-1:123456789012:Topic"),
        ("!GetAtt F.Arn", "arn:aws:lambda:us-east-1:123456789012:function:fun"),
        ('{ "Fn::GetAtt": "F.Arn" }', "arn:aws:lambda:us-east-1:123456789012:function:fun"),
        ("!Sub '${Size}/${ F }/${F.Arn}/${!F}/${x}'".replace("${x}", "${AWS::AccountId}"),
         "3/fun/arn:aws:lambda:us-east-1:123456789012:function:fun/${F}/123456789012"),
        ("!Sub ['${a}-${Size}', { a: !Ref F }]", "fun-3"),
        ("!Join ['-', [a, !Ref Size, true]]", "a-3-true"),
        ("!Join ['', !Ref Names]", "ab"),
        ("!Join ['', !Ref None]", ""),
        ("!Select [1, !Ref Names]", "b"),
        ("!Select ['0', !GetAZs '']", "us-east-1a"),
        ("!Select [2, !GetAZs eu-west-1]", "eu-west-1c"),
        ("!Select [1, !Split ['/', 'a/b']]", "b"),
        ("!If [IsThree, y, n]", "y"),
        ("!If [IsNot, y, n]", "n"),
        ("!If [Both, y, n]", "y"),
        ("!FindInMap [By, !Ref AWS::Region, Letter]", "u"),
        ("!FindInMap [By, eu-west-1, Letter, { DefaultValue: d }]", "d"),
        ("!Select [1, !FindInMap [By, us-east-1, List]]", "2"),
        ("!Base64 tea", "dGVh"),
        ("!ToJsonString { a: !Ref Size }", '{"a": "3"}'),
        ("!Length [a, b, !Ref AWS::NoValue]", "2"),
        ("!ImportValue other", "other"),
        ("!Ref ServerlessHttpApi", "serverlesshttpapi"),
        ("!Ref Api", "api"),
        ("!GetAtt Api.ApiEndpoint", "https://api.execute-api.us-east-1.amazonaws.com"),
        ("!GetAtt ServerlessHttpApi.ApiEndpoint", "https://serverlesshttpapi.execute-api.us-east-1.amazonaws.com"),
        ("!GetAtt Topic.TopicName", "Topic"),
        ("!GetAtt Topic.TopicArn", "arn:aws:sns:us-east-1:123456789012:Topic"),
        ("!GetAtt Topic.Odd", "Topic-Odd"),
        ("!Ref FRole", "FRole"),
        ("!GetAtt FRole.Arn", "arn:aws:iam::123456789012:role/FRole"),
        ("!GetAtt FUrl.FunctionUrl", "https://f.lambda-url.us-east-1.on.aws/"),
        ("!Ref Secret", "/secret"),
    ],
)  # fmt: skip
def test_functions_give_what_cloudformation_gives(tmp_path: Path, text: str, value: str) -> None:
    assert found(tmp_path, text) == value


@pytest.mark.parametrize(
    "text",
    [
        "!Ref Nothing",
        "!Ref [a]",
        "!GetAtt Nothing.Arn",
        "!Sub '${Nothing}'",
        "!Sub ['${a}', { a: [1] }]",
        "!Select [5, [a]]",
        "!Join [a]",
        "!If [Nothing, a, b]",
        "!FindInMap [By, us-east-1, Nothing]",
        "!Cidr [a, b, c]",
        "!Split ['', a]",
    ],
)
def test_what_functions_cannot_take_is_an_error_with_its_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(f"Resources:\n  A:\n    Type: B\n    Properties:\n      C: {text}\n")
    with pytest.raises(TemplateError, match="line 5: "):
        Template(path)
    # In an output, which nothing here needs, it is left out.
    path.write_text(HEAD.format(text))
    assert Template(path).outputs == {}


def refused(tmp_path: Path, text: str, **options: Any) -> str:
    path = tmp_path / "template.yaml"
    path.write_text(text)
    with pytest.raises(TemplateError) as error:
        Template(path, **options)
    return str(error.value)


def test_options_give_parameters_imports_and_a_region(tmp_path: Path) -> None:
    options = {"parameters": {"Size": "4"}, "imports": {"other": "value"}, "region": "eu-west-1"}
    assert found(tmp_path, "!Sub '${Size} ${AWS::Region}'", **options) == "4 eu-west-1"
    assert found(tmp_path, "!ImportValue other", **options) == "value"
    assert found(tmp_path, "!If [IsThree, y, n]", **options) == "n"


RESOURCES = "Resources: { A: { Type: B } }\n"


@pytest.mark.parametrize(
    ("text", "options", "said"),
    [
        (
            "Parameters: { A: { Type: String }, V: { Type: AWS::EC2::VPC::Id }, B: { Type: String } }\n" + RESOURCES,
            {},
            "line 1: there is no default: --parameter A=VALUE --parameter B=VALUE",
        ),
        (RESOURCES, {"parameters": {"B": "1"}}, "the template has no parameter B"),
        (
            "Parameters: { A: { Type: String, AllowedValues: [a, b] } }\n" + RESOURCES,
            {"parameters": {"A": "c"}},
            "A is one of a, b, not 'c'",
        ),
        ("Resources: {}\n", {}, "has no Resources"),
        ("Resources: { A: {} }\n", {}, "line 1: A has no Type"),
        ("Resources: { A: { Type: B, Properties: [1] } }\n", {}, "the Properties of A are no map"),
        ("Resources: { A: { Type: B, Condition: C } }\n", {}, "there is no condition C"),
        ("Conditions: { A: !Condition B, B: !Condition A }\nResources: { A: { Type: B, Condition: A } }\n", {},
         "depends on itself"),
        ("Conditions: { A: true }\nResources: { A: { Type: B, Condition: A } }\n", {}, "True is no condition"),
        ("Conditions: { A: !Sub x }\nResources: { A: { Type: B, Condition: A } }\n", {}, "is no condition"),
        ("Resources: { A: { Type: AWS::SQS::Queue, Properties: { QueueName: !Ref A } } }\n", {},
         "the name of A depends on itself"),
        ("Parameters: [1]\n" + RESOURCES, {}, "of a form that is not known here"),
    ],
)  # fmt: skip
def test_a_template_that_contradicts_itself_is_refused(
    tmp_path: Path, text: str, options: dict[str, Any], said: str
) -> None:
    assert said in refused(tmp_path, text, **options)


def nested(depth: int) -> str:
    text = "x" * 50
    for _ in range(depth):
        text = f"!Sub ['${{a}}${{a}}', {{ a: {text} }}]"
    return text


def test_bombs_of_texts_are_refused(tmp_path: Path) -> None:
    start = "Resources:\n  A:\n    Type: B\n    Properties:\n"
    assert "line 5: a text of more than" in refused(tmp_path, f"{start}      C: {nested(20)}\n")
    big = "Parameters: { P: { Type: String, Default: " + "x" * 200_000 + " } }\n"
    many = "".join(f"      C{number}: !Sub '${{P}}'\n" for number in range(100))
    assert "all texts more than" in refused(tmp_path, big + start + many)
    joined = start + "      C: !Join [" + "x" * 1000 + ", [" + ", ".join(["a"] * 1000) + "]]\n"
    assert "line 5: a text of more than" in refused(tmp_path, joined)


def test_long_chains_of_conditions_and_names_are_refused(tmp_path: Path) -> None:
    chain = "".join(f"  C{number}: !Condition C{number + 1}\n" for number in range(5000))
    text = f"Conditions:\n{chain}  C5000: !Equals [1, 1]\nResources: {{ A: {{ Type: B, Condition: C0 }} }}\n"
    assert "lead on and on" in refused(tmp_path, text)


def test_included_files_are_read_from_the_folder_and_no_further(tmp_path: Path) -> None:
    (tmp_path / "part.yaml").write_text("More: !Ref AWS::Region\n")
    path = tmp_path / "template.yaml"
    include = "Fn::Transform: { Name: AWS::Include, Parameters: { Location: %s } }"
    text = (
        "Resources: { A: { Type: AWS::Lambda::Function, Properties: { Environment: { Variables: { a: 1, %s } } } } }\n"
    )
    path.write_text(text % (include % "part.yaml"))
    stack = Template(path)._stack
    assert stack.functions["A"].environment == {"a": "1", "More": "us-east-1"}
    assert "is outside of" in refused(tmp_path, text % (include % "../part.yaml"))
    assert "is outside of" in refused(tmp_path, text % (include % "/etc/hosts"))
    (tmp_path / "loop.yaml").write_text(include % "loop.yaml")
    assert "included files" in refused(tmp_path, text % (include % "loop.yaml"))
    path.write_text(text % (include % "s3://bucket/part.yaml"))
    assert "s3://bucket/part.yaml is not fetched" in "".join(Template(path).notes)
    path.write_text(text % "Fn::Transform: { Name: Mine }")
    assert "the transform Mine is not run here" in "".join(Template(path).notes)


def test_a_key_that_is_called_condition_stays_outside_of_conditions(tmp_path: Path) -> None:
    text = "Resources: { A: { Type: AWS::IAM::Policy, Properties: { Condition: { a: !Ref AWS::Region } } } }\n"
    path = tmp_path / "template.yaml"
    path.write_text(text)
    assert Template(path).notes == []
