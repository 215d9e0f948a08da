"""Who sent a request, by what AWS vouches for: authorizers, IAM, Cognito, client certificates.

    from bridge.identity import identity

    @app.get("/me")
    def me(request: Request) -> dict[str, Any]:
        return {"name": identity(request.scope).claims["sub"]}

All of it comes from `requestContext`, which the client has no hand in. Where a client, or another sender, may have
written the whole event, nothing in it is believed: `identity` is empty for requests of a `CustomIntegration`, and for
events that are POSTed to the app. Headers are the client's: Bridge sets neither `REMOTE_USER` nor `scope["user"]` from
them, nor from anything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from .current import UnvouchedEvent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class IAM:
    """The AWS principal that has signed a request: https://docs.aws.amazon.com/IAM/latest/UserGuide/id.html.

    Attributes:
        user_arn: of the user, or of the assumed role's session.
        user_id: of the principal.
        account_id: of the principal's account.
        access_key: the key that has signed.
        caller_id: API Gateway's own words for the caller.
        organization_id: of AWS Organizations.
        cognito_identity_id: where the credentials are from a Cognito identity pool, whose they are.
        cognito_identity_pool_id: that pool.
    """

    user_arn: str = ""
    user_id: str = ""
    account_id: str = ""
    access_key: str = ""
    caller_id: str = ""
    organization_id: str = ""
    cognito_identity_id: str = ""
    cognito_identity_pool_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCertificate:
    """The certificate that a client has shown: https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html.

    Attributes:
        pem: the certificate.
        subject: distinguished name of its subject.
        issuer: distinguished name of its issuer.
        serial_number: as AWS writes it.
        not_before, not_after: when it is valid: "May 28 12:30:02 2019 GMT".
    """

    pem: str = ""
    subject: str = ""
    issuer: str = ""
    serial_number: str = ""
    not_before: str = ""
    not_after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who sent a request. What AWS does not say is empty, or None.

    Attributes:
        claims: of the JWT, or of the Cognito user pool's token, that an authorizer has verified. REST APIs make every
            claim text.
        scopes: that the route asked for and the token had; HTTP APIs only.
        authorizer: what a Lambda authorizer returned as its context. REST APIs make every value text.
        principal: a Lambda authorizer's `principalId`; or, behind VPC Lattice, who has signed.
        iam: who has signed, where IAM authorises.
        certificate: the client's, with mutual TLS.
        api_key_id: of the API key that the client has shown, where the route requires one. A key tells plans apart, and
            proves nobody's identity.
        stage_variables: of the API's stage: the deployer's words, not the client's.
    """

    claims: Mapping[str, Any] = field(default_factory=dict)
    scopes: tuple[str, ...] = ()
    authorizer: Mapping[str, Any] = field(default_factory=dict)
    principal: str = ""
    iam: IAM | None = None
    certificate: ClientCertificate | None = None
    api_key_id: str = ""
    stage_variables: Mapping[str, str] = field(default_factory=dict)


def identity(carrier: Mapping[str, Any]) -> Identity:
    """Return who sent a request.

    Args:
        carrier: an ASGI scope (`request.scope`), a WSGI environ, or an event.

    Raises:
        KeyError: the scope or environ is none that Bridge has made: it has no `aws.event`.
    """
    event: Any = carrier if "requestContext" in carrier else carrier["aws.event"]
    if isinstance(event, UnvouchedEvent):
        return Identity()
    event = getattr(event, "raw_event", event)  # LambdaEvent has it, and so have the event classes of Powertools
    if not isinstance(event, dict):
        return Identity()  # a list, say: EventBridge Pipes send their events so
    context = _map(event, "requestContext")
    return (_of_v2 if "http" in context else _of_v1)(context, _map(event, "stageVariables"))


def _of_v2(context: Mapping[str, Any], stage_variables: Mapping[str, str]) -> Identity:
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
    authorizer = _map(context, "authorizer")
    jwt, iam = _map(authorizer, "jwt"), _map(authorizer, "iam")
    cognito = _map(iam, "cognitoIdentity")
    return Identity(
        claims=_map(jwt, "claims"),
        scopes=tuple(jwt.get("scopes") or ()),
        authorizer=_map(authorizer, "lambda"),
        iam=IAM(
            user_arn=_text(iam, "userArn"),
            user_id=_text(iam, "userId"),
            account_id=_text(iam, "accountId"),
            access_key=_text(iam, "accessKey"),
            caller_id=_text(iam, "callerId"),
            organization_id=_text(iam, "principalOrgId"),
            cognito_identity_id=_text(cognito, "identityId"),
            cognito_identity_pool_id=_text(cognito, "identityPoolId"),
        )
        if iam
        else None,
        certificate=_certificate(_map(_map(context, "authentication"), "clientCert")),
        stage_variables=stage_variables,
    )


def _of_v1(context: Mapping[str, Any], stage_variables: Mapping[str, str]) -> Identity:
    # REST, HTTP (payload 1.0) and WebSocket APIs; VPC Lattice has an identity and nothing else of it.
    # https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
    authorizer, caller = _map(context, "authorizer"), _map(context, "identity")
    # A Lambda authorizer's context lies beside the keys of AWS; none of its values is an object or a list.
    claims, scopes = authorizer.get("claims"), authorizer.get("scopes")
    return Identity(
        claims=claims if isinstance(claims, dict) else {},
        scopes=tuple(scopes) if isinstance(scopes, list) else (),
        authorizer={
            name: value
            for name, value in authorizer.items()
            if name not in ("principalId", "integrationLatency") and isinstance(value, (str, int, float))
        },
        principal=_text(authorizer, "principalId") or _text(caller, "principal"),
        iam=IAM(
            user_arn=_text(caller, "userArn"),
            user_id=_text(caller, "user"),
            account_id=_text(caller, "accountId"),
            access_key=_text(caller, "accessKey"),
            caller_id=_text(caller, "caller"),
            organization_id=_text(caller, "principalOrgId"),
            cognito_identity_id=_text(caller, "cognitoIdentityId"),
            cognito_identity_pool_id=_text(caller, "cognitoIdentityPoolId"),
        )
        if caller.get("userArn") or caller.get("cognitoIdentityId")
        else None,
        certificate=_certificate(_map(caller, "clientCert")),
        api_key_id=_text(caller, "apiKeyId"),
        stage_variables=stage_variables,
    )


def _certificate(certificate: Mapping[str, Any]) -> ClientCertificate | None:
    validity = _map(certificate, "validity")
    return (
        ClientCertificate(
            pem=_text(certificate, "clientCertPem"),
            subject=_text(certificate, "subjectDN"),
            issuer=_text(certificate, "issuerDN"),
            serial_number=_text(certificate, "serialNumber"),
            not_before=_text(validity, "notBefore"),
            not_after=_text(validity, "notAfter"),
        )
        if certificate
        else None
    )


def _map(holder: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    # AWS leaves out what is empty, or sends null.
    return holder.get(name) or {}


def _text(holder: Mapping[str, Any], name: str) -> str:
    return holder.get(name) or ""
