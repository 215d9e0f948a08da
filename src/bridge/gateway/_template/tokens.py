"""JSON Web Tokens, as HTTP APIs' JWT authorizers and REST APIs' Cognito authorizers verify them.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from base64 import urlsafe_b64decode
from hashlib import sha256, sha384, sha512
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

from .authorizing import DeniedError, source

if TYPE_CHECKING:
    from .api_model import AuthorizerResource
    from .exchange import ApiExchange

log = logging.getLogger("bridge.gateway")

KEYS_SECONDS = 7200.0
"""How long an issuer's keys are kept."""

# https://www.rfc-editor.org/rfc/rfc8017#section-9.2: what stands before a hash that RSA signs
_HASHES = {
    "RS256": (sha256, bytes.fromhex("3031300d060960864801650304020105000420")),
    "RS384": (sha384, bytes.fromhex("3041300d060960864801650304020205000430")),
    "RS512": (sha512, bytes.fromhex("3051300d060960864801650304020305000440")),
}
_TIMES = ("exp", "nbf", "iat")


class TokenAuthorizer:
    """A JWT or Cognito authorizer.

    Args:
        resource: what the template says.
        keys: issuers' JSON Web Key Sets that need not be fetched, by issuer; "*" for every issuer.
    """

    def __init__(self, resource: AuthorizerResource, keys: dict[str, Any]) -> None:
        self._resource = resource
        self._given = keys
        self._keys: tuple[float, list[dict[str, Any]]] = (0.0, [])

    async def context(self, exchange: ApiExchange, event: dict[str, Any]) -> dict[str, Any]:
        """Return the claims, and the scopes, for the event.

        Raises:
            DeniedError: there is no token, it is not valid, or it lacks the route's scopes.
        """
        text = source(exchange, self._resource.identity[0])
        scheme, _, rest = text.partition(" ")
        text = rest.strip() if scheme.lower() == "bearer" else text
        wanted = exchange.taken().scopes
        name = self._resource.name
        if not text:
            exchange.step(f"authorizer {name}: the request has no {self._resource.identity[0]}")
            raise DeniedError("UNAUTHORIZED", challenge="Bearer")
        try:
            claims = self._valid(text, await self._fetched(exchange))
        except ValueError as error:
            exchange.step(f"authorizer {name}: {error}")
            log.warning("%s: 401: authorizer %s: %s", exchange.what, name, error)
            challenge = f'Bearer scope="{" ".join(wanted)}" error="invalid_token" error_description="{error}"'
            raise DeniedError("UNAUTHORIZED", challenge=challenge) from None
        given = claims.get("scope", claims.get("scp"))
        scopes = given.split() if isinstance(given, str) else given
        if wanted and not set(wanted) & set(scopes or ()):
            exchange.step(f"authorizer {name}: the token has none of the scopes {', '.join(wanted)}")
            challenge = f'Bearer scope="{" ".join(wanted)}" error="insufficient_scope"'
            kind = "ACCESS_DENIED" if self._resource.kind == "jwt" else "UNAUTHORIZED"
            raise DeniedError(kind, challenge=challenge)
        exchange.step(f"authorizer {name}: the token is valid")
        # Events have claims as texts, lists in Java's way of writing them.
        texts = {each: _written(value) for each, value in claims.items()}
        if self._resource.kind == "cognito":
            return {"claims": texts}
        return {"claims": texts, "scopes": scopes if wanted else None}

    def _valid(self, text: str, keys: list[dict[str, Any]]) -> dict[str, Any]:
        """Return a token's claims.

        Raises:
            ValueError: it is not valid, and why.
        """
        try:
            head, body, signature = text.split(".")
            header, claims = json.loads(_decoded(head)), json.loads(_decoded(body))
            signed = _decoded(signature)
            algorithm = header["alg"]
        except (ValueError, KeyError, TypeError):
            raise ValueError("the token is malformed") from None
        if not isinstance(algorithm, str) or algorithm not in _HASHES:
            raise ValueError(f"signing method {algorithm} is invalid")
        key = next((each for each in keys if each.get("kid") == header.get("kid") and each.get("kty") == "RSA"), None)
        if key is None or not _verified(key, algorithm, f"{head}.{body}".encode(), signed):
            raise ValueError("the token's signature is invalid")
        if not isinstance(claims, dict) or not all(isinstance(claims.get(each, 0), (int, float)) for each in _TIMES):
            raise ValueError("the token's claims are malformed")
        now = time.time()
        issuer, audience = self._resource.issuer, self._resource.audience
        if claims.get("iss") != issuer:
            raise ValueError(f"the token was issued by {claims.get('iss')}, not by {issuer}")
        if float(claims.get("exp", 0)) < now:
            raise ValueError("the token has expired")
        if float(claims.get("nbf", 0)) > now or float(claims.get("iat", 0)) > now + 300:
            raise ValueError("the token is not valid yet")
        has = claims.get("aud", claims.get("client_id"))
        if audience and not set(audience) & set(has if isinstance(has, list) else [has]):
            raise ValueError("the token does not have a valid audience")
        return claims

    async def _fetched(self, exchange: ApiExchange) -> list[dict[str, Any]]:
        """Return the issuer's keys.

        Raises:
            ValueError: it does not say.
        """
        issuer = self._resource.issuer
        given = self._given.get(issuer, self._given.get("*"))
        if given is not None:
            return given["keys"]  # type: ignore[no-any-return]
        until, keys = self._keys
        if until < time.monotonic():
            try:
                keys = await asyncio.to_thread(_fetch, issuer)
            except (OSError, ValueError, KeyError, TypeError) as error:
                log.error(
                    "%s: authorizer %s: the keys of %s are not to be had: %s. A file with them: --jwks FILE",
                    exchange.what, self._resource.name, issuer or "no issuer", error,
                )  # fmt: skip
                raise ValueError(f"the issuer {issuer} does not answer") from None
            self._keys = time.monotonic() + KEYS_SECONDS, keys
        return keys


def _fetch(issuer: str) -> list[dict[str, Any]]:
    if not issuer.startswith(("https://", "http://")):
        raise ValueError("an issuer is a URL")
    with urlopen(f"{issuer.rstrip('/')}/.well-known/openid-configuration", timeout=5) as answer:  # noqa: S310
        place = json.load(answer)["jwks_uri"]
    if not place.startswith(("https://", "http://")):
        raise ValueError("the keys' place is a URL")
    with urlopen(place, timeout=5) as answer:  # noqa: S310
        return json.load(answer)["keys"]  # type: ignore[no-any-return]


def _verified(key: dict[str, Any], algorithm: str, text: bytes, signature: bytes) -> bool:
    """Return whether a signature of RSASSA-PKCS1-v1_5 is right: RFC 8017, section 8.2.2."""
    digest, prefix = _HASHES[algorithm]
    modulus, exponent = (int.from_bytes(_decoded(key[name])) for name in ("n", "e"))
    size = (modulus.bit_length() + 7) // 8
    hashed = prefix + digest(text).digest()
    expected = b"\x00\x01" + b"\xff" * (size - len(hashed) - 3) + b"\x00" + hashed
    if len(signature) != size or size < len(hashed) + 11:
        return False
    return pow(int.from_bytes(signature), exponent, modulus).to_bytes(size) == expected


def _decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{' '.join(map(str, value))}]"
    return json.dumps(value) if isinstance(value, (bool, dict)) else str(value)
