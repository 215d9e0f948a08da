from __future__ import annotations

from pathlib import Path

import pytest

from bridge.gateway import Template
from bridge.gateway._template import TemplateError

# Our own, after https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/serverless-sam-cli-config.html
CONFIGURATION = """
version = 0.1

[default.global.parameters]
stack_name = "shop"
region = "eu-west-1"

[default.deploy.parameters]
region = "eu-central-1"
parameter_overrides = "Stage=test Greeting=\\"Good day\\" Gone=x"

[old.deploy.parameters]
parameter_overrides = "ParameterKey=Stage,ParameterValue=old ParameterKey=Greeting,ParameterValue=a,b"

[local.deploy.parameters]
parameter_overrides = "Stage=deployed"

[local.local_start_api.parameters]
parameter_overrides = ["Stage=local", "Greeting='How do you do'"]

[table.deploy.parameters.parameter_overrides]
Stage = "table"
Greeting = true

[wrong.deploy.parameters]
parameter_overrides = "Stage"

[open.deploy.parameters]
parameter_overrides = "Stage='x"
"""
TEMPLATE = """
Parameters:
  Stage: { Type: String }
  Greeting: { Type: String }
Resources:
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: !Sub "${AWS::StackName}-${Stage}-${Greeting}" } }
Outputs:
  Queue: { Value: !Ref Queue }
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    (tmp_path / "samconfig.toml").write_text(CONFIGURATION)
    return tmp_path


@pytest.mark.parametrize(
    ("environment", "queue"),
    [
        ("default", "https://sqs.eu-central-1.amazonaws.com/123456789012/shop-test-Good day"),
        ("old", "https://sqs.us-east-1.amazonaws.com/123456789012/local-old-a,b"),
        ("local", "https://sqs.us-east-1.amazonaws.com/123456789012/local-local-How do you do"),
        ("table", "https://sqs.us-east-1.amazonaws.com/123456789012/local-table-true"),
    ],
)
def test_what_is_deployed_with_is_served_with(folder: Path, environment: str, queue: str) -> None:
    assert Template(folder / "template.yaml", config_env=environment).outputs["Queue"] == queue
    # What has been built is served with the configuration of the project.
    built = folder / ".aws-sam" / "build"
    built.mkdir(parents=True)
    (built / "template.yaml").write_text(TEMPLATE)
    assert Template(built / "template.yaml", config_env=environment).outputs["Queue"] == queue


def test_where_a_value_is_from_is_said_and_what_is_said_elsewhere_counts_more(folder: Path) -> None:
    template = Template(folder / "template.yaml", config_env="default", parameters={"Stage": "own"}, region="us-west-2")
    assert template.outputs["Queue"] == "https://sqs.us-west-2.amazonaws.com/123456789012/shop-own-Good day"
    assert "samconfig.toml gives Greeting" in template.notes
    assert "samconfig.toml gives Gone, which is no parameter here" in template.notes
    with pytest.raises(TemplateError, match="there is no default: --parameter Stage=VALUE"):
        Template(folder / "template.yaml")


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ("nothing", "samconfig.toml has no environment nothing; it has version, default, old"),
        ("wrong", "parameter_overrides has 'Stage', which is not NAME=value"),
        ("open", "No closing quotation"),
    ],
)
def test_what_cannot_be_read_is_said(folder: Path, environment: str, said: str) -> None:
    with pytest.raises(TemplateError) as refused:
        Template(folder / "template.yaml", config_env=environment)
    assert said in str(refused.value)


def test_a_file_that_is_not_there_or_is_no_toml(folder: Path) -> None:
    path = folder / "samconfig.toml"
    path.write_text("[")
    with pytest.raises(TemplateError, match="cannot read"):
        Template(folder / "template.yaml", config_env="default")
    path.unlink()
    with pytest.raises(TemplateError, match="and so no environment local"):
        Template(folder / "template.yaml", config_env="local")
    given = {"Stage": "a", "Greeting": "b"}
    assert (
        Template(folder / "template.yaml", config_env="default", parameters=given)
        .outputs["Queue"]
        .endswith("/local-a-b")
    )
