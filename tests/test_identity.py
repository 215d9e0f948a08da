"""Who sent a request, by what AWS vouches for, and by nothing else."""

from typing import Any

import pytest
from starlette.requests import Request
from starlette.responses import JSONResponse

from bridge import Bridge
from bridge.identity import IAM, ClientCertificate, Identity, identity

from .apps import APPS, Interface
from .samples import HTTP, sample

CERTIFICATE = ClientCertificate(
    pem="-----BEGIN CERTIFICATE-----\nMIIB...\n-----END CERTIFICATE-----",
    subject="C=DE,O=Example,CN=device-7",
    issuer="C=DE,O=Example,CN=Example Devices CA",
    serial_number="5c:3e:91:04",
    not_before="Jan  5 09:00:00 2026 GMT",
    not_after="Jan  5 09:00:00 2027 GMT",
)

KNOWN = {
    "http_api_jwt": Identity(
        claims={"sub": "3f1c", "email": "ada@example.com", "exp": "1773484013", "cognito:groups": "[admins staff]"},
        scopes=("items.read",),
    ),
    "http_api_iam": Identity(
        iam=IAM(
            user_arn="arn:aws:sts::111122223333:assumed-role/reader/job",
            user_id="AIDACKCEVSQ6C2EXAMPLE:job",
            account_id="111122223333",
            access_key="AKIAIOSFODNN7EXAMPLE",
            caller_id="AIDACKCEVSQ6C2EXAMPLE:job",
            organization_id="o-a1b2c3d4e5",
        ),
        certificate=CERTIFICATE,
        stage_variables={"table": "items-live"},
    ),
    "http_api_lambda_authorizer": Identity(authorizer={"tenant": "acme", "admin": True, "limits": {"rate": 5}}),
    "function_url_iam": Identity(
        iam=IAM(
            user_arn="arn:aws:sts::111122223333:assumed-role/web/CognitoIdentityCredentials",
            user_id="AROACKCEVSQ6C2EXAMPLE:CognitoIdentityCredentials",
            account_id="111122223333",
            access_key="ASIAIOSFODNN7EXAMPLE",
            caller_id="AROACKCEVSQ6C2EXAMPLE:CognitoIdentityCredentials",
            cognito_identity_id="eu-central-1:8f7c2b1a",
            cognito_identity_pool_id="eu-central-1:1d2e3f4a",
        )
    ),
    "rest_cognito": Identity(claims={"sub": "3f1c", "email": "ada@example.com", "cognito:groups": "admins,staff"}),
    "rest_lambda_authorizer": Identity(principal="user|7", authorizer={"tenant": "acme", "admin": "true"}),
    "rest_iam": Identity(
        iam=IAM(
            user_arn="arn:aws:iam::111122223333:user/ada",
            user_id="AIDACKCEVSQ6C2EXAMPLE",
            account_id="111122223333",
            access_key="AKIAIOSFODNN7EXAMPLE",
            caller_id="AIDACKCEVSQ6C2EXAMPLE",
            organization_id="o-a1b2c3d4e5",
        ),
        certificate=CERTIFICATE,
        api_key_id="k3y1d",
        stage_variables={"table": "items-live"},
    ),
    "lattice_2": Identity(principal="arn:aws:sts::111122223333:assumed-role/caller/i-0c7de02a688bde9f7"),
}


@pytest.fixture(params=["asgi", "wsgi"])
def interface(request: pytest.FixtureRequest) -> Interface:
    chosen: Interface = request.param
    return chosen


@pytest.mark.parametrize("name", HTTP)
def test_the_identity_is_what_the_event_says_and_else_nobody(name: str, interface: Interface) -> None:
    app = APPS[interface]()
    event = sample(name)
    Bridge(app)(event)
    assert identity(app.seen[0].raw) == KNOWN.get(name, Identity())
    if "requestContext" in event:
        assert identity(event) == KNOWN.get(name, Identity())


@pytest.mark.parametrize("name", HTTP)
def test_no_header_makes_a_user(name: str, interface: Interface) -> None:
    event = sample(name)
    forged = {
        "remote-user": "admin",
        "remote_user": "admin",
        "authorization": "Basic YWRtaW46YWRtaW4=",
        "x-amzn-oidc-identity": "admin",
        "aws.event": "admin",
        "principalid": "admin",
    }
    event["headers"] = {**(event.get("headers") or {}), **forged}
    if "Records" in event:
        lines = {name: [{"key": name, "value": value}] for name, value in forged.items()}
        event["Records"][0]["cf"]["request"]["headers"].update(lines)
    if event.get("multiValueHeaders"):
        event["multiValueHeaders"].update({name: [value] for name, value in forged.items()})
    app = APPS[interface]()
    Bridge(app)(event)
    raw = app.seen[0].raw
    assert not {"REMOTE_USER", "AUTH_TYPE", "user", "auth"} & set(raw)
    assert raw["aws.event"].raw_event is event
    assert identity(raw) == KNOWN.get(name, Identity())


@pytest.mark.parametrize("authorizer", [None, {}, {"claims": None, "scopes": None}, {"jwt": None}, {"lambda": None}])
@pytest.mark.parametrize("name", ["http_api", "rest", "http_api_1_0", "alb", "function_url_nulls"])
def test_what_is_null_or_missing_is_nobody(name: str, authorizer: Any) -> None:
    event = sample(name)
    event["requestContext"]["authorizer"] = authorizer
    event["requestContext"]["authentication"] = None
    event["stageVariables"] = None
    assert identity(event) == Identity()


def test_an_http_api_with_payload_1_0_has_claims_and_scopes_side_by_side() -> None:
    event = sample("http_api_1_0")
    event["requestContext"]["authorizer"] = {"claims": {"sub": "3f1c"}, "scopes": ["items.read"]}
    assert identity(event) == Identity(claims={"sub": "3f1c"}, scopes=("items.read",))


def test_a_lambda_authorizer_may_have_a_claims_of_its_own() -> None:
    event = sample("rest_lambda_authorizer")
    event["requestContext"]["authorizer"]["claims"] = "many"
    event["requestContext"]["authorizer"]["scopes"] = "few"
    assert identity(event).claims == {}
    assert identity(event).scopes == ()
    assert identity(event).authorizer == {"tenant": "acme", "admin": "true", "claims": "many", "scopes": "few"}


def test_a_cognito_identity_without_an_arn_is_one_too() -> None:
    event = sample("rest")
    event["requestContext"]["identity"]["cognitoIdentityId"] = "eu-central-1:8f7c2b1a"
    assert identity(event).iam == IAM(cognito_identity_id="eu-central-1:8f7c2b1a")


@pytest.mark.parametrize("principal", ["arn:aws:iam::111122223333:role/reader"])
def test_behind_vpc_lattice_the_principal_is_who_signed(principal: str) -> None:
    context = {"serviceArn": "arn:aws:vpc-lattice:eu-central-1:111122223333:service/svc-1"}
    event = {"requestContext": {**context, "identity": {"principal": principal, "type": "AWS_IAM"}}}
    assert identity(event) == Identity(principal=principal)


@pytest.mark.parametrize("event", [[{"requestContext": {}}], "text", None, 1])
def test_an_event_that_is_no_object_is_from_nobody(event: Any) -> None:
    assert identity({"type": "http", "aws.event": event}) == Identity()


def test_a_scope_that_is_none_of_bridges_is_an_error() -> None:
    with pytest.raises(KeyError, match=r"aws\.event"):
        identity({"type": "http"})


def test_a_starlette_endpoint_can_ask() -> None:
    from starlette.applications import Starlette
    from starlette.routing import Route

    def me(request: Request) -> JSONResponse:
        return JSONResponse(identity(request.scope).claims["email"])

    result = Bridge(Starlette(routes=[Route("/{any:path}", me)]))(sample("http_api_jwt"))
    assert result["body"] == '"ada@example.com"'
