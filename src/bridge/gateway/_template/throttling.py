"""How many requests an API takes: limits of stages and routes, and of usage plans.

https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .resources import section

if TYPE_CHECKING:
    from collections.abc import Callable

    from .exchange import ApiExchange

_PERIODS = {"DAY": 86_400.0, "WEEK": 7 * 86_400.0, "MONTH": 30 * 86_400.0}


@dataclass(kw_only=True)
class Limits:
    """What an API's stages and usage plans say.

    Attributes:
        routes: requests per second, and at once, by the route's key; "" for all that have no limits of their own.
        plan: the same for each key of the usage plan.
        quota: requests of a key, in so many seconds.
    """

    routes: dict[str, tuple[float, int]] = field(default_factory=dict)
    plan: tuple[float, int] | None = None
    quota: tuple[int, float] | None = None

    def of_routes(self, default: Any, routes: Any) -> None:
        """Read what a stage of an HTTP API says: `DefaultRouteSettings` and `RouteSettings`."""
        for key, given in {"": default, **section(routes)}.items():
            self._set(key, section(given))

    def of_methods(self, settings: Any) -> None:
        """Read what a stage of a REST API says: `MethodSettings`."""
        for given in settings if isinstance(settings, list) else ():
            path = "/" + str(section(given).get("ResourcePath") or "/*").replace("~1", "/").lstrip("/")
            method = str(section(given).get("HttpMethod") or "*").upper()
            everything = path == "/*" and method == "*"
            self._set("" if everything else f"{method} {path}", section(given))

    def of_plan(self, plan: dict[str, Any]) -> None:
        """Read a usage plan."""
        throttle, quota = section(plan.get("Throttle")), section(plan.get("Quota"))
        if throttle:
            self.plan = float(throttle.get("RateLimit") or 0), int(throttle.get("BurstLimit") or 0)
        if quota:
            self.quota = int(quota.get("Limit") or 0), _PERIODS.get(str(quota.get("Period")), _PERIODS["DAY"])

    def _set(self, key: str, given: dict[str, Any]) -> None:
        if "ThrottlingRateLimit" in given or "ThrottlingBurstLimit" in given:
            rate = float(given.get("ThrottlingRateLimit") or 0)
            self.routes[key] = rate, int(given.get("ThrottlingBurstLimit") or rate)


class Bucket:
    """Tokens, one for each request: they come at a rate, and there are so many at most.

    Args:
        rate: tokens per second.
        burst: the most there are.
        now: the time, in seconds.
    """

    def __init__(self, rate: float, burst: int, now: Callable[[], float] = time.monotonic) -> None:
        self._rate = rate
        self._burst = burst
        self._now = now
        self._tokens = float(burst)
        self._time = now()

    def take(self) -> bool:
        """Take a token; False: there is none."""
        now = self._now()
        self._tokens = min(self._burst, self._tokens + (now - self._time) * self._rate)
        self._time = now
        if self._tokens < 1:
            return False
        self._tokens -= 1
        return True


class Throttle:
    """What counts an API's requests.

    Args:
        limits: of the API.
    """

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._routes: dict[tuple[str, str], Bucket] = {}
        self._keys: dict[str, Bucket] = {}
        self._used: dict[str, tuple[float, int]] = {}

    def takes(self, exchange: ApiExchange) -> bool:
        """Return whether the stage and the route take one more request."""
        route, method = exchange.taken(), exchange.call.method
        for key in (route.key, f"{method} {route.path}", f"* {route.path}", ""):
            if key in self._limits.routes:
                name = exchange.stage.name, key
                if name not in self._routes:
                    self._routes[name] = Bucket(*self._limits.routes[key])
                return self._routes[name].take()
        return True

    def refuses_key(self, key: str) -> str:
        """Return why the usage plan takes no more requests with a key: a gateway response's type, or ""."""
        if self._limits.quota is not None:
            limit, seconds = self._limits.quota
            since, count = self._used.get(key, (time.monotonic(), 0))
            if time.monotonic() - since > seconds:
                since, count = time.monotonic(), 0
            if count >= limit:
                return "QUOTA_EXCEEDED"
            self._used[key] = since, count + 1
        if self._limits.plan is not None:
            if key not in self._keys:
                self._keys[key] = Bucket(*self._limits.plan)
            if not self._keys[key].take():
                return "THROTTLED"
        return ""
