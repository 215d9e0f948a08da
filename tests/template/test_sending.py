from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from bridge.gateway import Template, _records as records
from bridge.gateway._environment import secret
from bridge.gateway._template import TemplateError, variables
from bridge.gateway._template.control import HEADER, SEND_PATH
from bridge.gateway._template.sending import TRIES, UnknownNameError
from bridge.gateway._template.values import Section
from bridge.kinds import kind

from ..samples import sample

CODE = """
def handler(event, context):
    records = event["Records"]
    wants = event.get("answer") or (records[0].get("body", "raise" if "Sns" in records[0] else ""))
    if wants == "raise":
        raise RuntimeError("failed")
    if wants == "odd":
        return {"batchItemFailures": "all"}
    if wants == "unknown":
        return {"batchItemFailures": [{"itemIdentifier": "nobody"}]}
    if wants == "nothing":
        return None
    keys = [each["kinesis"]["sequenceNumber"] if "kinesis" in each else each["messageId"] for each in records]
    said = [each["kinesis"]["data"] if "kinesis" in each else each["body"] for each in records]
    bad = [key for key, text in zip(keys, said) if text in ("bad", "YmFk")]
    return {"batchItemFailures": [{"itemIdentifier": each} for each in bad]}
"""
TEMPLATE = """
Resources:
  F: { Type: AWS::Lambda::Function, Properties: { Runtime: python3.13, Handler: app.handler, Code: . } }
  Queue: { Type: AWS::SQS::Queue }
  Stream: { Type: AWS::Kinesis::Stream }
  Topic: { Type: AWS::SNS::Topic }
  OfTopic: { Type: AWS::SNS::Subscription, Properties: { Protocol: lambda, TopicArn: !Ref Topic, Endpoint: !GetAtt F.Arn } }
  OfQueue: { Type: AWS::Lambda::EventSourceMapping, Properties: { EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref F, FunctionResponseTypes: [ReportBatchItemFailures] } }
  OfStream: { Type: AWS::Lambda::EventSourceMapping, Properties: { EventSourceArn: !GetAtt Stream.Arn, FunctionName: !Ref F, FunctionResponseTypes: [ReportBatchItemFailures] } }
"""  # noqa: E501 - a resource is a line


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Template:
    folder = tmp_path_factory.mktemp("sending")
    (folder / "app.py").write_text(CODE)
    (folder / "template.yaml").write_text(TEMPLATE)
    return Template(folder / "template.yaml")


def send(template: Template, name: str, *bodies: Any) -> list[dict[str, Any]]:
    with template.serving() as apis:
        return asyncio.run(apis.send(name, *bodies))


def test_what_fails_is_given_again_and_given_up_after_three_tries(template: Template) -> None:
    with template.serving() as apis:

        def tries(name: str, *bodies: Any) -> list[tuple[int, Any]]:
            steps = asyncio.run(apis.send(name, *bodies))
            assert [step["try"] for step in steps] == list(range(1, len(steps) + 1))
            assert steps[-1].get("given up", False) == (len(steps) == TRIES)
            return [(step["records"], "error" if "error" in step else step.get("failed")) for step in steps]

        assert tries("Queue", "good", "bad")[0][0] == 2
        assert [count for count, _ in tries("Queue", "good", "bad")] == [2, 1, 1]
        assert tries("Queue", "raise", "good") == [(2, "error")] * 3
        assert tries("Queue", "odd") == [(1, "all: batchItemFailures is no list of itemIdentifier")] * 3
        assert tries("Queue", "unknown") == [(1, "all: batchItemFailures names a record that is not in the batch")] * 3
        assert tries("Queue", "nothing", "bad") == [(2, None)]
        assert tries("Topic", "raise") == [(1, "error")] * 3
        # A stream goes on from the first record that has failed.
        assert [count for count, _ in tries("Stream", "good", "bad", "good")] == [3, 2, 2]
        with pytest.raises(
            UnknownNameError, match="there is no Nobody in the template; there is F, OfQueue, OfStream, OfTopic"
        ):
            asyncio.run(apis.send("Nobody"))


def test_the_endpoint_of_the_command_wants_its_header(template: Template) -> None:
    with template.serving() as apis:
        asked = {"name": "Queue", "bodies": ["good"]}
        for said in ("", "1", "\xe4"):
            headers = {HEADER.encode(): said.encode("latin-1")}
            assert httpx.post(apis.lambda_url + SEND_PATH, json=asked, headers=headers).status_code == 404
        sent = httpx.post(apis.lambda_url + SEND_PATH, json=asked, headers={HEADER: secret()})
        assert sent.json()[0]["records"] == 1
        unknown = httpx.post(apis.lambda_url + SEND_PATH, json={**asked, "name": "x"}, headers={HEADER: secret()})
        assert (unknown.status_code, "there is no x" in unknown.text) == (404, True)


def origin(kind: str, **more: Any) -> records.Origin:
    return records.Origin(kind=kind, name="F/E", region="eu-west-1", **more)


def test_events_that_are_no_records_are_the_services_own() -> None:
    assert records.event(origin("s3"), ["a/b.txt"])["Records"][0]["s3"]["object"]["key"] == "a/b.txt"
    rule, schedule = records.event(origin("schedule"), []), records.event(origin("scheduler"), [])
    assert (kind(rule), kind(schedule)) == ("aws:schedule", "aws:schedule")
    assert rule["resources"] == ["arn:aws:events:eu-west-1:123456789012:rule/FE"]
    assert schedule["resources"] == ["arn:aws:scheduler:eu-west-1:123456789012:schedule/default/FE"]
    assert schedule.keys() == sample("other_scheduler").keys()
    assert schedule["detail"] == sample("other_scheduler")["detail"]
    assert records.event(origin("schedule", event='{"a": 1}'), []) == {"a": 1}
    assert records.event(origin("schedule", event=Section({"a": 1})), []) == {"a": 1}
    assert records.event(origin("eventbridge"), [])["detail"] == {}
    logs = records.event(origin("cloudwatch-logs"), ["a line"])
    assert (
        json.loads(__import__("gzip").decompress(__import__("base64").b64decode(logs["awslogs"]["data"])))["logEvents"][
            0
        ]["message"]
        == "a line"
    )
    change = records.event(origin("dynamodb"), [{"id": 1}])["Records"][0]
    assert records.identifier(change) == change["dynamodb"]["SequenceNumber"]


def test_variables_come_from_lines_or_from_json(tmp_path: Path) -> None:
    path = tmp_path / "local.env"
    path.write_text("# for my machine\n\nexport A=1\nB = 'two words'\nC=\"3\"\nD=\nE='\n")
    assert variables.read(path) == {"": {"A": "1", "B": "two words", "C": "3", "D": "", "E": "'"}}
    path.write_text('{"Parameters": {"A": 1}, "Shop": {"B": true}, "C": "x"}')
    assert variables.read(path) == {"": {"A": "1", "C": "x"}, "Shop": {"B": "true"}}
    for text, said in (("A", "line 1: 'A' is not NAME=value"), ("{", "is no JSON")):
        path.write_text(text)
        with pytest.raises(TemplateError, match=said):
            variables.read(path)
    with pytest.raises(TemplateError, match="cannot read"):
        variables.read(tmp_path / "nothing")
