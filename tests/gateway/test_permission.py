"""Statements of a function's policy, against the patterns of AWS's guide and what IAM's page on operators says."""

from typing import Any

import pytest

from bridge.errors import ConfigurationError
from bridge.gateway._permission import allows, mismatch, statement
from bridge.gateway._source_arn import execute_api, parts, pattern, resources

REGION, ACCOUNT = "us-east-2", "123456789012"
SERVICE = "apigateway.amazonaws.com"

# Example of a function policy: https://docs.aws.amazon.com/lambda/latest/dg/services-apigateway.html
GUIDE = {
    "Sid": "nodejs-apig-functiongetEndpointPermissionProd-BWDBXMPLXE2F",
    "Effect": "Allow",
    "Principal": {"Service": "apigateway.amazonaws.com"},
    "Action": "lambda:InvokeFunction",
    "Resource": "arn:aws:lambda:us-east-2:111122223333:function:nodejs-apig-function-1G3MXMPLXVXYI",
    "Condition": {
        "StringEquals": {"aws:SourceAccount": "111122223333"},
        "ArnLike": {"aws:SourceArn": "arn:aws:execute-api:us-east-2:111122223333:ktyvxmpls1/*/GET/"},
    },
}


def arn(resource: str, region: str = REGION, account: str = ACCOUNT) -> str:
    return f"arn:aws:execute-api:{region}:{account}:{resource}"


def lets_in(wanted: str, given: str) -> bool:
    made = statement({"Action": "lambda:InvokeFunction", "Principal": SERVICE, "SourceArn": arn(wanted)})
    return allows(made, source_arn=arn(given), source_account=ACCOUNT, principal=SERVICE)


@pytest.mark.parametrize(
    ("resource", "account", "principal", "allowed"),
    [
        ("ktyvxmpls1/prod/GET/", "111122223333", SERVICE, True),
        ("ktyvxmpls1/test-invoke-stage/GET/", "111122223333", SERVICE, True),
        ("ktyvxmpls1/prod/GET/user", "111122223333", SERVICE, False),
        ("ktyvxmpls1/prod/POST/", "111122223333", SERVICE, False),
        ("another/prod/GET/", "111122223333", SERVICE, False),
        ("ktyvxmpls1/prod/GET/", "444455556666", SERVICE, False),
        ("ktyvxmpls1/prod/GET/", None, SERVICE, False),
        ("ktyvxmpls1/prod/GET/", "111122223333", "events.amazonaws.com", False),
    ],
)
def test_the_policy_of_aws_s_guide(resource: str, account: str | None, principal: str, allowed: bool) -> None:
    source = arn(resource, account="111122223333")
    assert allows(GUIDE, source_arn=source, source_account=account, principal=principal) is allowed


@pytest.mark.parametrize(
    ("wanted", "lets", "keeps_out"),
    [
        # The guide's own patterns, with its command's
        ("mnh1xmpli7/default/GET/", ["default/GET/"], ["default/GET/user", "prod/GET/", "default/POST/"]),
        ("mnh1xmpli7/*/GET/*", ["prod/GET/", "prod/GET/user", "dev/GET/user/7/orders"], ["prod/POST/user", "$default"]),
        ("mnh1xmpli7/prod/ANY/user", ["prod/ANY/user"], ["prod/GET/user", "dev/ANY/user", "prod/ANY/user/7"]),
        ("mnh1xmpli7/*/*/*", ["prod/GET/", "dev/PATCH/a/b"], ["prod/$default", "$default/$default"]),
        # Those of the issues and pages that _source_arn names
        ("mnh1xmpli7/*/$default", ["$default/$default", "prod/$default"], ["prod/GET/user"]),
        ("mnh1xmpli7/authorizers/a1b2c3", ["authorizers/a1b2c3"], ["authorizers/other", "prod/GET/user"]),
        ("mnh1xmpli7/authorizers/*", ["authorizers/other"], ["prod/GET/user"]),
        ("mnh1xmpli7/dev/$connect", ["dev/$connect"], ["dev/$disconnect", "prod/$connect"]),
        ("mnh1xmpli7/*", ["prod/GET/", "$default/$default", "authorizers/a", "dev/$connect"], []),
        ("mnh1xmpli7/prod/GET/user/??", ["prod/GET/user/42"], ["prod/GET/user/7", "prod/GET/user/123"]),
    ],
)
def test_a_pattern_lets_in_what_the_guide_says(wanted: str, lets: list[str], keeps_out: list[str]) -> None:
    assert [each for each in lets if not lets_in(wanted, f"mnh1xmpli7/{each}")] == []
    assert [each for each in keeps_out if lets_in(wanted, f"mnh1xmpli7/{each}")] == []
    assert not lets_in(wanted, f"x{lets[0]}")


def test_the_region_is_the_function_s_and_the_account_the_api_s() -> None:
    made = statement({"Action": "lambda:*", "Principal": SERVICE, "SourceArn": arn("api/*", region="eu-west-1")})
    ask: dict[str, Any] = {"source_account": ACCOUNT, "principal": SERVICE}
    assert allows(made, source_arn=arn("api/prod/GET/", region="eu-west-1"), **ask)
    assert not allows(made, source_arn=arn("api/prod/GET/", region="us-east-2"), **ask)
    assert not allows(made, source_arn=arn("api/prod/GET/", region="eu-west-1", account="444455556666"), **ask)
    assert not allows(made, source_arn=None, **ask)


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        ("arn:*:execute-api:*:*:api/prod/GET/", True),
        ("arn:aws:execute-api:us-?ast-2:123456789012:api/*", True),
        ("arn:aws:execute-api:*", False),  # not six parts
        ("arn:aws:*:api/*", False),  # a wildcard does not span colons
        ("ARN:aws:execute-api:us-east-2:123456789012:api/*", False),
        ("arn:aws:execute-api:us-east-2:123456789012:api/prod/get/", False),
        ("arn:aws:execute-api:us-east-2:123456789012:api.prod.GET.", False),
        ("api/prod/GET/", False),
    ],
)
@pytest.mark.parametrize("operator", ["ArnLike", "ArnEquals"])
def test_the_six_parts_of_an_arn_are_compared_one_by_one(operator: str, wanted: str, fits: bool) -> None:
    made = {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {"aws:sourcearn": wanted}}}
    assert allows(made, source_arn=arn("api/prod/GET/"), source_account=ACCOUNT, principal=SERVICE) is fits


@pytest.mark.parametrize(
    ("operator", "wanted", "value", "holds"),
    [
        ("StringEquals", "NONE", "NONE", True),
        ("StringEquals", ["AWS_IAM", "NONE"], "NONE", True),
        ("StringEquals", "NONE", "none", False),
        ("StringEquals", "N*", "NONE", False),
        ("StringEquals", "NONE", None, False),
        ("StringEqualsIfExists", "NONE", None, True),
        ("StringEqualsIfExists", "NONE", "AWS_IAM", False),
        ("StringNotEquals", "NONE", "AWS_IAM", True),
        ("StringNotEquals", ["NONE", "AWS_IAM"], "AWS_IAM", False),
        ("StringNotEquals", "NONE", None, True),
        ("StringEqualsIgnoreCase", "none", "NONE", True),
        ("StringNotEqualsIgnoreCase", "none", "NONE", False),
        ("StringLike", "N*E", "NONE", True),
        ("StringNotLike", "N*E", "NONE", False),
        ("ArnNotLike", "arn:aws:a:b:c:*", "arn:aws:a:b:c:d", False),
        ("Bool", "true", "True", True),
        ("Bool", True, "true", True),
        ("Bool", "true", "false", False),
        ("Bool", "false", None, False),
        ("Null", "true", None, True),
        ("Null", "true", "NONE", False),
        ("Null", False, "NONE", True),
    ],
)
def test_the_operators_of_conditions(operator: str, wanted: object, value: str | None, holds: bool) -> None:
    made = {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {"lambda:Key": wanted}}}
    assert (mismatch(made, "*", "lambda:InvokeFunction", {"LAMBDA:key": value}) is None) is holds


@pytest.mark.parametrize("operator", ["IpAddress", "NotBool", "ForAnyValue:StringEquals", "DateLessThan"])
def test_an_operator_that_is_not_known_is_refused_by_name(operator: str) -> None:
    made = {"Effect": "Allow", "Principal": "*", "Action": "*", "Condition": {operator: {"aws:SourceIp": "10.0.0.0/8"}}}
    with pytest.raises(ConfigurationError, match=f"condition operator '{operator}' is not known; known are StringEqu"):
        allows(made, source_arn=None, source_account=None, principal="*")


@pytest.mark.parametrize(
    ("element", "principal", "named"),
    [
        ("*", SERVICE, True),
        ({"AWS": "*"}, "*", True),
        ({"Service": SERVICE}, "*", False),
        ({"Service": [SERVICE, "events.amazonaws.com"]}, "events.amazonaws.com", True),
        ({"AWS": "arn:aws:iam::123456789012:root"}, "123456789012", True),
        ({"AWS": "123456789012"}, "arn:aws:iam::123456789012:role/caller", True),
        ({"AWS": ["arn:aws:iam::123456789012:root"]}, "arn:aws:sts::123456789012:assumed-role/caller/me", True),
        ({"AWS": "arn:aws:iam::123456789012:role/caller"}, "arn:aws:iam::123456789012:role/caller", True),
        ({"AWS": "arn:aws:iam::123456789012:role/caller"}, "arn:aws:iam::123456789012:role/other", False),
        ({"AWS": "arn:aws:iam::123456789012:role/caller"}, "123456789012", False),
        ({"AWS": "444455556666"}, "123456789012", False),
        ({}, "123456789012", False),
        (None, SERVICE, False),
    ],
)
def test_who_is_named(element: object, principal: str, named: bool) -> None:
    made = {"Effect": "Allow", "Principal": element, "Action": "lambda:invokefunction"}
    assert allows(made, source_arn=None, source_account=None, principal=principal) is named


def test_a_statement_that_denies_allows_nothing_and_one_for_another_action_neither() -> None:
    ask: dict[str, Any] = {"source_arn": None, "source_account": None, "principal": SERVICE}
    assert not allows({"Effect": "Deny", "Principal": "*", "Action": "*"}, **ask)
    assert not allows({"Effect": "Allow", "Principal": "*", "Action": "lambda:InvokeFunctionUrl"}, **ask)
    assert allows({"Effect": "Allow", "Principal": "*", "Action": ["x", "lambda:Invoke*"]}, **ask)
    assert not allows({"Effect": "Allow", "Principal": "*"}, **ask)


def test_a_permission_becomes_the_statement_that_lambda_makes_of_it() -> None:
    # The output of the command in AWS's guide, and what the console shows of function URLs
    permission = {
        "FunctionName": "my-function",
        "Action": "lambda:InvokeFunction",
        "Principal": SERVICE,
        "SourceArn": arn("mnh1xmpli7/default/GET"),
    }
    assert statement(permission, sid="apigateway-test-2", function_arn="arn:aws:lambda:us-east-2:1:function:f") == {
        "Sid": "apigateway-test-2",
        "Effect": "Allow",
        "Principal": {"Service": "apigateway.amazonaws.com"},
        "Action": "lambda:InvokeFunction",
        "Resource": "arn:aws:lambda:us-east-2:1:function:f",
        "Condition": {"ArnLike": {"AWS:SourceArn": arn("mnh1xmpli7/default/GET")}},
    }
    everybody = {"Action": "lambda:InvokeFunction", "Principal": "*", "InvokedViaFunctionUrl": True}
    assert statement(everybody) == {
        "Effect": "Allow",
        "Principal": "*",
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
        "Condition": {"Bool": {"lambda:InvokedViaFunctionUrl": "true"}},
    }
    account = statement({"Action": "lambda:InvokeFunction", "Principal": ACCOUNT, "SourceAccount": int(ACCOUNT)})
    assert account["Principal"] == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}
    assert account["Condition"] == {"StringEquals": {"AWS:SourceAccount": ACCOUNT}}
    role = f"arn:aws:iam::{ACCOUNT}:role/caller"
    assert statement({"Action": "lambda:InvokeFunction", "Principal": role}) == {
        "Effect": "Allow",
        "Principal": {"AWS": role},
        "Action": "lambda:InvokeFunction",
        "Resource": "*",
    }


@pytest.mark.parametrize(
    ("route", "narrowest"),
    [
        ("GET /", "api/prod/GET/"),
        ("get /user", "api/prod/GET/user"),
        ("GET /user/", "api/prod/GET/user"),
        ("GET /user/{id}/orders/{order}", "api/prod/GET/user/*/orders/*"),
        ("ANY /user", "api/prod/*/user"),
        ("ANY /{proxy+}", "api/prod/*/*"),
        ("$default", "api/prod/$default"),
        ("$connect", "api/prod/$connect"),
        ("sendmessage", "api/prod/sendmessage"),
    ],
)
def test_a_route_s_pattern_lets_its_own_requests_in(route: str, narrowest: str) -> None:
    assert pattern("api", "prod", route) == narrowest
    for api in ("http", "rest"):
        asked = resources(api, "api", "prod", route)
        assert all(lets_in(narrowest, each) for each in asked)
        assert not any(lets_in("api/dev/*", each) for each in asked)
    assert pattern("api", "*", "*") == "api/*/*"


def test_rest_apis_name_the_request_s_own_method_and_http_apis_the_route_s() -> None:
    assert resources("http", "api", "prod", "ANY /user/{id}") == ["api/prod/ANY/user/{id}"]
    assert [each.split("/")[2] for each in resources("rest", "api", "prod", "ANY /user/{id}")] == [
        *("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    ]
    assert resources("rest", "api", "prod", "GET /user") == ["api/prod/GET/user"]


@pytest.mark.parametrize("route", ["", "/user", "GET user", "GET", "FETCH /user", " /user"])
def test_what_is_no_route(route: str) -> None:
    if route == "GET":  # a WebSocket API may have a route key of that name
        assert parts(route) == ("GET", "")
        return
    with pytest.raises(ConfigurationError, match="is no route, such as 'GET /user/"):
        parts(route)


def test_partitions() -> None:
    assert execute_api("cn-north-1", ACCOUNT, "api/*") == f"arn:aws-cn:execute-api:cn-north-1:{ACCOUNT}:api/*"
    assert execute_api("us-gov-west-1", ACCOUNT, "a/*") == f"arn:aws-us-gov:execute-api:us-gov-west-1:{ACCOUNT}:a/*"
    assert execute_api(REGION, ACCOUNT, "a/*") == arn("a/*")
