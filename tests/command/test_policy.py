"""`bridge policy`: it prints a command that the AWS CLI takes, and says of a policy what AWS makes of it."""

import argparse
import io
import json
import shlex
from pathlib import Path
from typing import Any

import botocore.session
import pytest
from botocore import xform_name
from botocore.validate import ParamValidator

from bridge._command import policy
from bridge.errors import ConfigurationError
from bridge.gateway._permission import statement

API = ["--account", "123456789012", "--region", "us-east-2", "--api-id", "mnh1xmpli7"]
REST = [*API, "--api", "rest", "--stage", "prod"]
ARN = "arn:aws:execute-api:us-east-2:123456789012:mnh1xmpli7"
TARGET_GROUP = "arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/app/6d0ecf831eec9f09"


def run(*words: str) -> int:
    parser = argparse.ArgumentParser()
    policy.add(parser.add_subparsers())
    options = parser.parse_args(["policy", *words])
    if not options.check:
        options.run(options)
        return 0
    with pytest.raises(SystemExit) as end:
        options.run(options)
    assert isinstance(end.value.code, int)
    return end.value.code


def parameters(output: str) -> list[dict[str, Any]]:
    """The parameters of AddPermission that the printed commands have, checked by the model that the CLI is made of."""
    shape = botocore.session.get_session().get_service_model("lambda").operation_model("AddPermission").input_shape
    options = {f"--{xform_name(name, '-')}": (name, member.type_name) for name, member in shape.members.items()}
    made = []
    for command in output.split("\n\n"):
        words = iter(shlex.split(command.replace("\\\n", "")))
        assert [next(words) for _ in range(3)] == ["aws", "lambda", "add-permission"]
        found: dict[str, Any] = {}
        for word in words:
            name, kind = options[word]
            found[name] = True if kind == "boolean" else next(words)
        report = ParamValidator().validate(found, shape)
        assert not report.has_errors(), report.generate_report()
        made.append(found)
    return made


def test_the_command_for_a_route(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--function", "my function", *REST, "--route", "GET /user/{id}") == 0
    assert parameters(capsys.readouterr().out) == [
        {
            "FunctionName": "my function",
            "StatementId": "rest-mnh1xmpli7-prod-GET-user-id",
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": f"{ARN}/prod/GET/user/*",
            "SourceAccount": "123456789012",
        }
    ]


@pytest.mark.parametrize(
    ("words", "source_arn"),
    [
        ([], f"{ARN}/*/*"),
        (["--route", "$default"], f"{ARN}/*/$default"),
        (["--route", "ANY /user", "--stage", "prod"], f"{ARN}/prod/*/user"),
        (["--authorizer", "a1b2c3"], f"{ARN}/authorizers/a1b2c3"),
        (["--api", "websocket", "--stage", "dev", "--route", "$connect"], f"{ARN}/dev/$connect"),
        (["--api", "rest", "--route", "GET /"], f"{ARN}/*/GET/"),
    ],
)
def test_the_source_arn_is_as_narrow_as_the_route(
    words: list[str], source_arn: str, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--function", "f", *API, *words)
    assert [each["SourceArn"] for each in parameters(capsys.readouterr().out)] == [source_arn]


def test_a_function_url_needs_two_permissions(capsys: pytest.CaptureFixture[str]) -> None:
    run("--function", "f", "--api", "url")
    assert parameters(capsys.readouterr().out) == [
        {
            "FunctionName": "f",
            "StatementId": "url-everybody-InvokeFunctionUrl",
            "Action": "lambda:InvokeFunctionUrl",
            "Principal": "*",
            "FunctionUrlAuthType": "NONE",
        },
        {
            "FunctionName": "f",
            "StatementId": "url-everybody-InvokeFunction",
            "Action": "lambda:InvokeFunction",
            "Principal": "*",
            "InvokedViaFunctionUrl": True,
        },
    ]


def test_a_function_url_with_iam(capsys: pytest.CaptureFixture[str]) -> None:
    run("--function", "f", "--api", "url", "--auth-type", "AWS_IAM", "--principal", "444455556666")
    url, function = parameters(capsys.readouterr().out)
    assert (url["Principal"], url["FunctionUrlAuthType"]) == ("444455556666", "AWS_IAM")
    assert (function["Principal"], function["InvokedViaFunctionUrl"]) == ("444455556666", True)
    cloudfront = ["--auth-type", "AWS_IAM", "--distribution", "E1XMPL", "--account", "123456789012"]
    run("--function", "f", "--api", "url", *cloudfront)
    both = parameters(capsys.readouterr().out)
    assert [each["Action"] for each in both] == ["lambda:InvokeFunctionUrl", "lambda:InvokeFunction"]
    assert {each["Principal"] for each in both} == {"cloudfront.amazonaws.com"}
    assert {each["SourceArn"] for each in both} == {"arn:aws:cloudfront::123456789012:distribution/E1XMPL"}
    assert both[0].keys() == both[1].keys()


@pytest.mark.parametrize(
    ("api", "group", "principal"),
    [
        ("alb", TARGET_GROUP, "elasticloadbalancing.amazonaws.com"),
        ("lattice", "arn:aws:vpc-lattice:us-east-2:123456789012:targetgroup/tg-0c98", "vpc-lattice.amazonaws.com"),
    ],
)
def test_a_target_group(api: str, group: str, principal: str, capsys: pytest.CaptureFixture[str]) -> None:
    run("--function", "f", "--api", api, "--target-group", group)
    (only,) = parameters(capsys.readouterr().out)
    assert (only["Principal"], only["SourceArn"], only["SourceAccount"]) == (principal, group, "123456789012")


def test_statements(capsys: pytest.CaptureFixture[str]) -> None:
    run("--function", "f", *REST, "--route", "GET /", "--statement")
    assert json.loads(capsys.readouterr().out) == {
        "Sid": "rest-mnh1xmpli7-prod-GET",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-2:123456789012:function:f",
        "Condition": {
            "ArnLike": {"AWS:SourceArn": f"{ARN}/prod/GET/"},
            "StringEquals": {"AWS:SourceAccount": "123456789012"},
        },
    }
    run("--function", "arn:aws:lambda:eu-west-1:1:function:f", "--api", "url", "--statement")
    both = json.loads(capsys.readouterr().out)
    assert [each["Resource"] for each in both] == ["arn:aws:lambda:eu-west-1:1:function:f"] * 2


def checked(
    document: object, *words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> tuple[int, list[str]]:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(document)))
    code = run("--check", "-", *words)
    return code, capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(
    ("words", "request_words"),
    [
        ([*REST, "--route", "GET /user/{id}"], [*REST, "--route", "GET /user/{id}"]),
        ([*REST, "--route", "ANY /user"], [*REST, "--route", "ANY /user"]),
        ([*API, "--route", "ANY /user"], [*API, "--route", "ANY /user", "--stage", "dev"]),
        ([*API], [*API, "--route", "$default", "--stage", "$default"]),
        ([*API, "--authorizer", "a1"], [*API, "--authorizer", "a1"]),
        (["--api", "url"], ["--api", "url"]),
        (["--api", "alb", "--target-group", TARGET_GROUP], ["--api", "alb", "--target-group", TARGET_GROUP]),
    ],
)
def test_what_it_prints_lets_in_what_it_is_for(
    words: list[str], request_words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run("--function", "f", *words, "--statement")
    printed = json.loads(capsys.readouterr().out)
    for document in (printed, {"Version": "2012-10-17", "Statement": printed}):
        code, lines = checked(document, *request_words, monkeypatch=monkeypatch, capsys=capsys)
        assert code == 0
        assert [line for line in lines if not line.startswith(("yes: ", "  statement "))] == []


def test_it_says_why_not(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    made = statement(
        {
            "Action": "lambda:InvokeFunction",
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": "arn:aws:execute-api:eu-west-1:123456789012:mnh1xmpli7/prod/ANY/user",
        },
        sid="mine",
    )
    # As `aws lambda get-policy` prints it
    document = {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [made]}), "RevisionId": "a"}
    code, lines = checked(document, *REST, "--route", "GET /user", monkeypatch=monkeypatch, capsys=capsys)
    assert code == 1
    assert lines == [
        f"no: lambda:InvokeFunction from {ARN}/prod/GET/user",
        f"  statement 'mine' is for AWS:SourceArn \"{made['Condition']['ArnLike']['AWS:SourceArn']}\", "
        f"and this is {ARN}/prod/GET/user",
        "  the region in a source ARN is the function's, even where the API is in another",
        "  a REST API names the request's own method: write * for ANY",
    ]
    code, lines = checked({"Statement": []}, "--api", "url", monkeypatch=monkeypatch, capsys=capsys)
    assert code == 1
    assert lines == [
        *("no: lambda:InvokeFunctionUrl from *", "  there is no statement"),
        *("no: lambda:InvokeFunction from *", "  there is no statement"),
    ]


def test_a_path_that_the_statement_is_not_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = statement({"Action": "lambda:InvokeFunction", "Principal": "*", "SourceArn": f"{ARN}/*/GET/user"})
    code, lines = checked(made, *REST, "--route", "GET /", monkeypatch=monkeypatch, capsys=capsys)
    assert (code, len(lines)) == (1, 2)
    made = statement({"Action": "lambda:InvokeFunction", "Principal": "*", "SourceAccount": "444455556666"})
    code, lines = checked(made, *REST, "--route", "GET /", monkeypatch=monkeypatch, capsys=capsys)
    assert lines[1:] == ["  statement '' is for AWS:SourceAccount \"444455556666\", and this is 123456789012"]


def test_the_old_single_permission_of_a_function_url_is_not_enough(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = statement({"Action": "lambda:InvokeFunctionUrl", "Principal": "*", "FunctionUrlAuthType": "NONE"}, sid="old")
    # As `aws lambda add-permission` prints it
    document = {"Statement": json.dumps(old)}
    code, lines = checked(document, "--api", "url", monkeypatch=monkeypatch, capsys=capsys)
    assert code == 1
    assert lines == [
        *("yes: lambda:InvokeFunctionUrl from *", "  statement 'old' says Allow"),
        "no: lambda:InvokeFunction from *",
        "  statement 'old' is for Action \"lambda:InvokeFunctionUrl\", and this is lambda:InvokeFunction",
    ]


def test_a_statement_that_denies_wins(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    everything = {"Principal": "*", "Action": "*"}
    document = [{"Effect": "Allow", **everything}, {"Sid": "shut", "Effect": "Deny", **everything}]
    code, lines = checked(document, "--api", "url", monkeypatch=monkeypatch, capsys=capsys)
    assert (code, lines[:2]) == (1, ["no: lambda:InvokeFunctionUrl from *", "  statement 'shut' says Deny"])


def test_a_condition_of_which_the_request_has_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = statement({"Action": "*", "Principal": "*", "SourceArn": f"{ARN}/*"})
    code, lines = checked(made, "--api", "url", monkeypatch=monkeypatch, capsys=capsys)
    assert (code, lines[1]) == (1, f"  statement '' is for AWS:SourceArn \"{ARN}/*\", and this has none")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ([], "--function is missing"),
        (["--function", "f"], "--api-id is missing: it is a part of the API's source ARN"),
        (["--function", "f", "--api-id", "a", "--account", "1"], "--account has 12 digits, unlike '1'"),
        (["--function", "f", "--api-id", "a", "--region", "eu-west-1"], "--account is missing"),
        (["--function", "f", "--api-id", "a", "--account", "1" * 12, "--region", ""], "--region is missing"),
        (["--function", "f", *API, "--route", "/user"], "'/user' is no route, such as 'GET"),
        (["--function", "f", "--api", "url", "--principal", "1"], "--principal and --distribution need --auth-type"),
        (["--function", "f", "--api", "url", "--auth-type", "AWS_IAM"], "AWS_IAM needs --principal or --distribution"),
        (["--function", "f", "--api", "url", "--auth-type", "AWS_IAM", "--distribution", "E"], "--account is missing"),
        (["--function", "f", "--api", "alb"], "--target-group must be an ARN like arn:aws:elasticloadbalancing"),
        (["--function", "f", "--api", "lattice", "--target-group", TARGET_GROUP], "like arn:aws:vpc-lattice:REGION"),
        (["--check", "policy.json", *API], "--check needs a request's own --route and --stage"),
        (["--check", "nowhere.json", "--api", "url"], "cannot read 'nowhere.json': No such file or directory"),
        (["--check", "empty.json", "--api", "url"], "the policy is no JSON: "),
        (["--check", "other.json", "--api", "url"], "the file has no policy: "),
    ],
)
def test_what_cannot_work_is_said(
    words: list[str], complaint: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.json").touch()
    (tmp_path / "other.json").write_text('{"a": 1}')
    with pytest.raises(ConfigurationError) as caught:
        run(*words)
    assert complaint in str(caught.value)


def test_the_region_is_that_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    run("--function", "f", "--account", "123456789012", "--api-id", "a1")
    assert parameters(capsys.readouterr().out)[0]["SourceArn"].startswith("arn:aws:execute-api:eu-central-1:")
