"""The client's URL, where another host stands in front of the API; tests/test_handler.py has base_path."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
from hypothesis import given, strategies as st

from bridge import Bridge, ConfigurationError, EventError
from bridge._http.forwarding import MOST_HOST, adjustment
from bridge.gateway import Gateway

from ..apps import APPS, Interface
from ..frameworks.apps import django_app, fastapi_app, flask_app, litestar_app, quart_app, starlette_app
from ..samples import sample
from ..targets import TARGETS, Sent, Target

INTERFACES: list[Interface] = ["asgi", "wsgi"]
BOTH = pytest.mark.parametrize("interface", INTERFACES)
EVERY_TARGET = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
HOSTS = ["www.example.com", "*.shop.example", "other.example:8443", "localhost", "xn--bcher-kva.example"]

UNLISTED = """
    evil.example www.example.com.evil.example evilwww.example.com wwwXexample.com example.com
    shop.example evilshop.example a.shop.example.evil.example *.shop.example .shop.example a..shop.example
    -a.shop.example a-.shop.example a_b.shop.example a:1.shop.example
    WWW.EXAMPLE.COM A.shop.example www.example.com. a.shop.example.
    www.example.com:443 www.example.com:80 www.example.com:x www.example.com: other.example other.example:8444
    user@www.example.com www.example.com@evil.example www.example.com:443@evil.example evil@a.shop.example
    www.example.com,evil.example evil.example,www.example.com www.example.com,www.example.com
    www.example.com/shop www.example.com?x www.example.com#x evil.example/a.shop.example evil.example?a.shop.example
    http://www.example.com //www.example.com www.example.com\\ \\www.example.com [::1] 127.0.0.1
    bücher.example a.ſhop.example ｗww.example.com a。shop.example * . localhost:80
""".split()  # noqa: SIM905


def sent(host: str, path: str = "/x", name: str = "x-forwarded-host") -> Sent:
    return Sent(path=path, headers=((name, host),))


def url_of(raw: Any) -> tuple[str, str, tuple[str, int]]:
    """What a scope or environ says of the request's host: the Host header, and the server."""
    if "headers" in raw:
        (host,) = [value.decode() for name, value in raw["headers"] if name == b"host"]
        return host, raw["root_path"], raw["server"]
    return raw["HTTP_HOST"], raw["SCRIPT_NAME"], (raw["SERVER_NAME"], int(raw["SERVER_PORT"]))


LONGEST_LABEL = "a" * 63
LONGEST_HOST = f"{LONGEST_LABEL}." * 3 + "b" * 61


class TestForwardedHosts:
    @pytest.mark.parametrize("host", ["a.shop.example", "a.b.shop.example", "localhost", "xn--bcher-kva.example"])
    def test_may_be_below_a_domain_or_without_one(self, host: str) -> None:
        app = APPS["wsgi"]()
        Bridge(app, forwarded_hosts=HOSTS)(TARGETS[0].event(sent(host)))
        assert url_of(app.seen[0].raw)[0] == host

    @EVERY_TARGET
    @BOTH
    def test_that_are_listed_become_the_requests_host(self, target: Target, interface: Interface) -> None:
        app, host = APPS[interface](), "www.example.com"
        Bridge(app, forwarded_hosts=HOSTS)(target.event(sent(host)))
        port = 443 if target.scheme == "https" else 80
        assert url_of(app.seen[0].raw) == (host, "", (host, port))
        assert app.seen[0].path == "/x"
        assert app.seen[0].headers["x-forwarded-host"] == [host]

    @BOTH
    def test_may_have_a_port(self, interface: Interface) -> None:
        app = APPS[interface]()
        Bridge(app, forwarded_hosts=HOSTS)(TARGETS[0].event(sent("other.example:8443")))
        assert url_of(app.seen[0].raw) == ("other.example:8443", "", ("other.example", 8443))

    @EVERY_TARGET
    @BOTH
    async def test_count_under_handle_async_too(self, target: Target, interface: Interface) -> None:
        app = APPS[interface]()
        await Bridge(app, forwarded_hosts="www.example.com").handle_async(target.event(sent("www.example.com")))
        assert url_of(app.seen[0].raw)[0] == "www.example.com"

    @EVERY_TARGET
    @BOTH
    def test_that_are_not_listed_to_the_letter_change_nothing(self, target: Target, interface: Interface) -> None:
        for host in UNLISTED:
            app = APPS[interface]()
            event = target.event(sent(host))
            Bridge(app, forwarded_hosts=HOSTS)(event)
            Bridge(app)(event)
            seen = [{key: value for key, value in seen.raw.items() if key != "wsgi.input"} for seen in app.seen]
            assert seen[0] == seen[1], host

    def test_may_be_as_long_as_dns_has_them_and_no_longer(self) -> None:
        assert len(LONGEST_HOST) == MOST_HOST
        domain = LONGEST_HOST.partition(".")[2]
        for host in (LONGEST_HOST, LONGEST_HOST[1:]):
            for known in (host, f"*.{domain}"):
                app = APPS["wsgi"]()
                Bridge(app, forwarded_hosts=known)(TARGETS[2].event(sent(host)))
                assert url_of(app.seen[0].raw)[0] == host
        for host in ("a" * 64 + ".example", "b." + LONGEST_HOST[1:]):
            with pytest.raises(ConfigurationError, match="takes host names"):
                Bridge(APPS["wsgi"](), forwarded_hosts=host)

    @pytest.mark.parametrize("host", ["", " ", " www.example.com", "www.example.com\t", "a" * 250 + ".shop.example"])
    @pytest.mark.parametrize("label", ["a" * 64 + ".shop.example"])
    def test_that_are_no_host_names_change_nothing(self, host: str, label: str) -> None:
        app = APPS["asgi"]()
        for text in (host, label):
            Bridge(app, forwarded_hosts=HOSTS)(TARGETS[2].event(sent(text)))
        assert {url_of(seen.raw)[0] for seen in app.seen} == {TARGETS[2].host}

    @given(st.text())
    def test_any_text_leaves_a_host_that_is_known(self, text: str) -> None:
        app = APPS["asgi"]()
        Bridge(app, lifespan="off", forwarded_hosts=HOSTS)(
            {**sample("http_api"), "headers": {"x-forwarded-host": text}}
        )
        server = app.seen[0].server[0]
        domain = sample("http_api")["requestContext"]["domainName"]
        assert server in (domain, *HOSTS, "other.example") or server.endswith(".shop.example")

    @pytest.mark.parametrize("name", ["rest", "http_api_1_0", "alb_multi"])
    def test_that_come_twice_change_nothing(self, name: str) -> None:
        (target,) = [target for target in TARGETS if target.name == name]
        app = APPS["asgi"]()
        lines = (("x-forwarded-host", "www.example.com"), ("X-Forwarded-Host", "www.example.com"))
        Bridge(app, forwarded_hosts=HOSTS)(target.event(Sent(headers=lines)))
        assert url_of(app.seen[0].raw)[0] == target.host

    def test_that_are_null_change_nothing(self) -> None:
        app = APPS["asgi"]()
        event = sample("http_api")
        event["headers"]["x-forwarded-host"] = None
        Bridge(app, forwarded_hosts=HOSTS)(event)
        assert url_of(app.seen[0].raw)[0] == event["headers"]["host"]

    @pytest.mark.parametrize("value", [7, ["www.example.com"], {}])
    def test_that_are_no_text_are_an_error_of_the_event(self, value: Any) -> None:
        event = sample("http_api")
        event["headers"]["x-forwarded-host"] = value
        with pytest.raises(EventError, match="the header 'x-forwarded-host' must be a string"):
            Bridge(APPS["asgi"](), forwarded_hosts=HOSTS)(event)

    @EVERY_TARGET
    def test_are_believed_of_no_other_header(self, target: Target) -> None:
        app = APPS["wsgi"]()
        for name in ("forwarded", "x-host", "x-original-host", "x_forwarded_host"):
            Bridge(app, forwarded_hosts=HOSTS)(target.event(sent("www.example.com", name=name)))
        assert {url_of(seen.raw)[0] for seen in app.seen} == {target.host}

    @EVERY_TARGET
    def test_may_come_in_a_header_of_ones_own(self, target: Target) -> None:
        app = APPS["wsgi"]()
        bridge = Bridge(app, forwarded_hosts=HOSTS, forwarded_host_header="X-Viewer-Host")
        bridge(target.event(sent("www.example.com", name="x-viewer-host")))
        bridge(target.event(sent("www.example.com")))
        assert [url_of(seen.raw)[0] for seen in app.seen] == ["www.example.com", target.host]

    def test_are_off_by_default(self) -> None:
        app = APPS["wsgi"]()
        event = TARGETS[2].event(sent("www.example.com"))
        Bridge(app)(event)
        for hosts in (list[str](), "", ()):
            Bridge(app, forwarded_hosts=hosts)(event)
        assert {url_of(seen.raw)[0] for seen in app.seen} == {TARGETS[2].host}
        assert adjustment("/", (), "x-forwarded-host") is None

    def test_replace_a_host_header_that_is_missing_or_repeated(self) -> None:
        app = APPS["asgi"]()
        for headers in ({}, {"Host": ["a", "b"], "host": ["c"]}):
            multi = {**headers, "x-forwarded-host": ["www.example.com"]}
            Bridge(app, forwarded_hosts=HOSTS)({**sample("alb_multi"), "multiValueHeaders": multi})
        assert [url_of(seen.raw)[0] for seen in app.seen] == ["www.example.com"] * 2

    @pytest.mark.parametrize(
        "host",
        """
        * *.* *example.com www.*.com https://www.example.com user@example.com example.com: example.com:x bücher.example
        .example.com example..com example.com. -a.example [::1] exa_mple.com /shop
        """.split(),  # noqa: SIM905
    )
    def test_that_cannot_be_hosts_are_a_mistake(self, host: str) -> None:
        with pytest.raises(ConfigurationError, match=r"forwarded_hosts=\.\.\.\) takes host names"):
            Bridge(APPS["wsgi"](), forwarded_hosts=["www.example.com", host])

    @pytest.mark.parametrize("host", ["WWW.Example.COM", "www.example.com/"])
    def test_may_be_given_in_any_case(self, host: str) -> None:
        app = APPS["wsgi"]()
        Bridge(app, forwarded_hosts=host)(TARGETS[2].event(sent("www.example.com")))
        assert url_of(app.seen[0].raw)[:2] == ("www.example.com", "")


REST = next(target for target in TARGETS if target.name == "rest")


class TestStage:
    @BOTH
    @pytest.mark.parametrize(
        ("entry", "path", "root_path", "seen_path"),
        [
            ("www.example.com", "/x", "", "/x"),
            ("www.example.com", "/", "", "/"),
            ("www.example.com/shop", "/x", "/shop", "/shop/x"),
            ("www.example.com/shop/", "/", "/shop", "/shop/"),
            ("*.example.com/a b/é", "/x/y", "/a b/é", "/a b/é/x/y"),
            ("www.example.com/prod", "/x", "/prod", "/prod/x"),
            ("www.example.com/X/", "/", "/X", "/X/"),
        ],
    )
    def test_gives_way_to_where_the_host_has_the_app(
        self, interface: Interface, entry: str, path: str, root_path: str, seen_path: str
    ) -> None:
        app = APPS[interface]()
        bridge = Bridge(app, forwarded_hosts=entry)
        bridge(REST.event(sent("www.example.com", path)))
        stage = {**sample("http_api_stage")}
        stage["headers"] = {**stage["headers"], "x-forwarded-host": "www.example.com"}
        stage["rawPath"] = stage["requestContext"]["http"]["path"] = f"/{stage['requestContext']['stage']}{path}"
        bridge(stage)
        for seen in app.seen:
            assert (seen.root_path, seen.path) == (root_path, seen_path)
        if interface == "asgi":
            assert [seen.raw["raw_path"] for seen in app.seen] == [
                seen_path.replace(" ", "%20").replace("é", "%C3%A9").encode()
            ] * 2

    @BOTH
    def test_stays_for_a_client_that_calls_the_api_itself(self, interface: Interface) -> None:
        app = APPS[interface]()
        bridge = Bridge(app, forwarded_hosts=["www.example.com/shop"])
        bridge(REST.event(sent("evil.example")))
        bridge(REST.event(Sent(path="/x")))
        assert {(seen.root_path, seen.path) for seen in app.seen} == {("/prod", "/prod/x")}

    @BOTH
    def test_that_is_all_of_the_path_leaves_the_root(self, interface: Interface) -> None:
        app = APPS[interface]()
        event = sample("http_api_stage")
        event["headers"]["x-forwarded-host"] = "www.example.com"
        event["rawPath"] = event["requestContext"]["http"]["path"] = "/" + event["requestContext"]["stage"]
        Bridge(app, forwarded_hosts="www.example.com")(event)
        Bridge(app, forwarded_hosts="www.example.com/shop")(event)
        assert [(seen.root_path, seen.path) for seen in app.seen] == [("", "/"), ("/shop", "/shop")]
        if interface == "asgi":
            assert [seen.raw["raw_path"] for seen in app.seen] == [b"/", b"/shop"]

    @BOTH
    def test_is_gone_before_a_base_path_is_looked_for(self, interface: Interface) -> None:
        app = APPS[interface]()
        bridge = Bridge(app, base_path="/api", forwarded_hosts=["www.example.com", "shop.example/shop"])
        for host in ("www.example.com", "shop.example", "evil.example"):
            bridge(REST.event(sent(host, "/api/x")))
        assert [(seen.root_path, seen.path) for seen in app.seen] == [
            ("/api", "/api/x"),
            ("/shop/api", "/shop/api/x"),
            ("/prod/api", "/prod/api/x"),
        ]

    def test_keeps_the_escapes_of_the_path(self) -> None:
        app = APPS["asgi"]()
        Bridge(app, forwarded_hosts="www.example.com/s p")(REST.event(sent("www.example.com", "/a%2Fb%20c")))
        assert (app.seen[0].raw["raw_path"], app.seen[0].path) == (b"/s%20p/a%2Fb%20c", "/s p/a/b c")


FRAMEWORKS: dict[str, Any] = {
    "fastapi": fastapi_app.app,
    "starlette": starlette_app.app,
    "litestar": litestar_app.app,
    "quart": quart_app.app,
    "flask": flask_app.app,
    "django-asgi": django_app.asgi,
    "django-wsgi": django_app.wsgi,
}
GATEWAYS: dict[str, dict[str, Any]] = {
    "rest": {"api": "rest", "stage": "prod"},
    "http": {"api": "http", "stage": "prod"},
    "url": {"api": "url"},
    "alb": {"api": "alb"},
}


def cloudfront(host: str, origin_path: str) -> Callable[[httpx.Request], httpx.Request]:
    """What CloudFront makes of a viewer's request: the origin's path and Host, and the viewer's Host in a header."""

    def origin_request(request: httpx.Request) -> httpx.Request:
        request.headers["x-forwarded-host"] = host
        request.url = request.url.copy_with(raw_path=origin_path.encode() + request.url.raw_path)
        return request

    return origin_request


async def get(gateway: Gateway, path: str, origin_path: str, host: str = "www.example.com") -> httpx.Response:
    """The answer to a viewer of https://www.example.com, by way of CloudFront and the local gateway."""
    transport = httpx.ASGITransport(app=gateway)
    async with httpx.AsyncClient(transport=transport, base_url="https://origin.example") as client:
        return await client.send(cloudfront(host, origin_path)(client.build_request("GET", path)))


@pytest.mark.parametrize("name", FRAMEWORKS)
@pytest.mark.parametrize("api", GATEWAYS)
@pytest.mark.parametrize("prefix", ["", "/shop"])
def test_absolute_urls_and_redirects_are_the_viewers(name: str, api: str, prefix: str) -> None:
    # The apps are those of tests/frameworks, and started there: Litestar does not bear to be started twice.
    bridge = Bridge(FRAMEWORKS[name], lifespan="off", forwarded_hosts=["www.example.com" + prefix])
    origin_path = "/prod" if "stage" in GATEWAYS[api] else ""

    async def view() -> tuple[str, httpx.Response, str]:
        gateway = Gateway(bridge, **GATEWAYS[api])
        url = (await get(gateway, "/url", origin_path)).json()["url"]
        redirect = await get(gateway, "/slash", origin_path)
        return url, redirect, (await get(gateway, "/url", origin_path, host="evil.example")).json()["url"]

    url, redirect, direct = asyncio.run(view())
    assert url == f"https://www.example.com{prefix}/json"
    if name != "litestar":  # the only one that does not redirect to a route that ends in a slash
        location = httpx.URL(f"https://www.example.com{prefix}/slash").join(redirect.headers["location"])
        assert location == f"https://www.example.com{prefix}/slash/"
    assert httpx.URL(direct).host not in ("www.example.com", "evil.example")


def test_a_request_is_adjusted_as_a_whole() -> None:
    """Nothing but the host and the path differs."""
    app = APPS["wsgi"]()
    one = Sent(path="/x", query="a=b", headers=(("x-probe", "1"), ("cookie", "a=1")), method="POST", body=b"{}")
    two = replace(one, headers=(*one.headers, ("x-forwarded-host", "www.example.com")))
    Bridge(app)(REST.event(one))
    Bridge(app, forwarded_hosts="www.example.com")(REST.event(two))
    first, second = app.seen
    assert (first.body, first.query, first.client, first.scheme) == (
        second.body,
        second.query,
        second.client,
        second.scheme,
    )
    assert {**first.headers, "host": [], "x-forwarded-host": []} == {
        **second.headers,
        "host": [],
        "x-forwarded-host": [],
    }
