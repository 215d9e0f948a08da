import asyncio
import json
import logging
import threading
from collections.abc import Callable, Iterable
from typing import Any

import pytest

from bridge import Bridge, ConfigurationError, EventError, ResultTooLargeError
from bridge.sources import _alb as alb
from bridge.websocket import Connections

from .apps import APPS, Asgi, Interface, Reply, StartResponse, Wsgi
from .samples import sample
from .targets import PLAIN, TARGET, TARGETS, Sent, Target

INTERFACES: list[Interface] = ["asgi", "wsgi"]
BOTH = pytest.mark.parametrize("interface", INTERFACES)
EVERY_TARGET = pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)


class AppsOwnError(Exception): ...


async def asgi_boom(scope: object, receive: object, send: object) -> None:
    raise AppsOwnError("secret")


def wsgi_boom(environ: object, start_response: object) -> Iterable[bytes]:
    raise AppsOwnError("secret")


async def asgi_late_boom(scope: object, receive: object, send: Callable[..., Any]) -> None:
    await send({"type": "http.response.start", "status": 202, "headers": []})
    await send({"type": "http.response.body", "body": b"done"})
    raise AppsOwnError("late")


class FailsToClose(list[bytes]):
    def close(self) -> None:
        raise AppsOwnError("late")


def wsgi_late_boom(environ: object, start_response: StartResponse) -> Iterable[bytes]:
    start_response("202 Accepted", [])
    return FailsToClose([b"done"])


class TestOptions:
    @BOTH
    def test_none_is_needed(self, interface: Interface) -> None:
        assert Bridge(APPS[interface]())(sample("http_api"))["body"] == "ok"

    @BOTH
    def test_all_are_there_for_either_interface(self, interface: Interface) -> None:
        bridge = Bridge(
            APPS[interface](),
            interface=interface,
            lifespan="off",
            base_path=["/a", "/b"],
            exclude_headers=["server"],
            is_text=lambda media_type: True,
            errors="raise",
            streaming="auto",
            loop_factory=asyncio.new_event_loop,
        )
        assert bridge(sample("http_api"))["statusCode"] == 200

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            ({"interface": "cgi"}, "Bridge(interface=...) takes 'auto' or 'asgi' or 'wsgi', not 'cgi'."),
            ({"interface": None}, "Bridge(interface=...) takes 'auto' or 'asgi' or 'wsgi', not None."),
            ({"lifespan": True}, "Bridge(lifespan=...) takes 'auto' or 'on' or 'off', not True."),
            ({"errors": "fail"}, "Bridge(errors=...) takes 'respond' or 'raise', not 'fail'."),
            ({"streaming": True}, "Bridge(streaming=...) takes 'off' or 'on' or 'auto', not True."),
            ({"websocket_linger": -1}, "Bridge(websocket_linger=...) takes seconds, 0 or more, not -1."),
            (
                {"connections": "table"},
                "Bridge(connections=...) takes bridge.websocket.Connections, such as "
                "Connections(DynamoDBStore('table')), not 'table'.",
            ),
        ],
    )
    def test_a_value_that_cannot_work_is_named_with_those_that_can(self, options: Any, text: str) -> None:
        with pytest.raises(ConfigurationError) as error:
            Bridge(Asgi(), **options)
        assert str(error.value) == text

    def test_connections_are_for_asgi_apps(self) -> None:
        with pytest.raises(ConfigurationError, match="is for ASGI apps, which WebSocket APIs need"):
            Bridge(Wsgi(), connections=Connections())

    def test_an_app_that_does_not_tell_its_interface_needs_the_option(self) -> None:
        def app(*args: Any) -> Any:
            return Wsgi()(*args)

        with pytest.raises(ConfigurationError, match="Say it"):
            Bridge(app)
        assert Bridge(app, interface="wsgi")(sample("http_api"))["body"] == "ok"

    def test_they_are_keyword_only(self) -> None:
        with pytest.raises(TypeError):
            Bridge(Asgi(), "asgi")  # type: ignore[call-arg]


class TestExcludeHeaders:
    @EVERY_TARGET
    @BOTH
    def test_are_not_sent_to_any_target(self, target: Target, interface: Interface) -> None:
        reply = Reply(headers=[("Server", b"evil"), ("server", b"worse"), ("x", b"1")])
        result = Bridge(APPS[interface](reply), exclude_headers="Server")(target.event(Sent()))
        assert target.answer(result).lines == [("x", "1")]

    @pytest.mark.parametrize("exclude", [["server", "x-powered-by"], ("SERVER",), {"Server": 1}.keys()])
    def test_may_be_several(self, exclude: Any) -> None:
        reply = Reply(headers=[("Server", b"evil"), ("server", b"worse"), ("x", b"1")])
        result = Bridge(Wsgi(reply), exclude_headers=exclude)(PLAIN.event(Sent()))
        assert PLAIN.answer(result).lines == [("x", "1")]

    @EVERY_TARGET
    def test_may_be_the_cookies(self, target: Target) -> None:
        reply = Reply(headers=[("Set-Cookie", b"a=1"), ("set-cookie", b"b=2")])
        result = Bridge(Asgi(reply), exclude_headers="set-cookie")(target.event(Sent()))
        assert target.answer(result).lines == []


class TestIsText:
    @BOTH
    def test_decides_whether_a_media_type_travels_as_text(self, interface: Interface) -> None:
        asked: list[str] = []

        def rule(media_type: str) -> bool:
            asked.append(media_type)
            return media_type == "image/png"

        for content_type, is_base64 in [(b"Image/PNG; q=1", False), (b"text/plain", True)]:
            app = APPS[interface](Reply(headers=[("content-type", content_type)]))
            assert Bridge(app, is_text=rule)(sample("http_api"))["isBase64Encoded"] is is_base64
        assert asked == ["image/png", "text/plain"]

    def test_cannot_make_text_of_what_is_none(self) -> None:
        bridge = Bridge(Wsgi(Reply(body=b"\xff")), is_text=lambda media_type: True)
        assert bridge(sample("http_api"))["isBase64Encoded"] is True


class TestBasePath:
    @EVERY_TARGET
    @BOTH
    @pytest.mark.parametrize(("path", "rest"), [("/shop/x", "/x"), ("/shop", "")])
    def test_moves_into_the_root_path(self, target: Target, interface: Interface, path: str, rest: str) -> None:
        app = APPS[interface]()
        Bridge(app, base_path="/shop")(target.event(Sent(path=path)))
        assert app.seen[0].root_path == target.root_path + "/shop"
        assert app.seen[0].path == target.root_path + "/shop" + rest

    @pytest.mark.parametrize("base_path", ["/shop", "shop", "/shop/", ["/other", "/shop"], ("shop/",), {"/shop"}])
    @pytest.mark.parametrize(("path", "rest"), [("/shop/", "/"), ("/shop", ""), ("/shop//x", "//x")])
    def test_may_be_spelt_in_many_ways(self, base_path: Any, path: str, rest: str) -> None:
        app = Wsgi()
        Bridge(app, base_path=base_path)(PLAIN.event(Sent(path=path)))
        assert (app.seen[0].root_path, app.seen[0].path) == ("/shop", "/shop" + rest)

    def test_may_have_any_letter(self) -> None:
        app = Wsgi()
        bridge = Bridge(app, base_path=["/X", "Xa/bX/"])
        for path in ("/X/y", "/Xa/bX/y"):
            bridge(PLAIN.event(Sent(path=path)))
        assert [seen.root_path for seen in app.seen] == ["/X", "/Xa/bX"]

    @BOTH
    @pytest.mark.parametrize("path", ["/", "/x", "/shopping/x", "/shop.html", "/x/shop/y", "/Shop/x"])
    def test_ends_where_a_segment_ends(self, interface: Interface, path: str) -> None:
        app = APPS[interface]()
        Bridge(app, base_path="/shop")(PLAIN.event(Sent(path=path)))
        assert (app.seen[0].root_path, app.seen[0].path) == ("", path)

    def test_is_the_longest_of_those_that_fit(self) -> None:
        app = Wsgi()
        bridge = Bridge(app, base_path=["/shop", "/shop/v1", "/shop/v"])
        bridge({**sample("http_api"), "rawPath": "/shop/v1/x"})
        bridge({**sample("http_api"), "rawPath": "/shop/v2/x"})
        assert [seen.root_path for seen in app.seen] == ["/shop/v1", "/shop"]

    def test_is_taken_once(self) -> None:
        app = Asgi()
        Bridge(app, base_path="/shop")({**sample("http_api"), "rawPath": "/shop/shop/x"})
        assert (app.seen[0].root_path, app.seen[0].path) == ("/shop", "/shop/shop/x")

    @pytest.mark.parametrize("base_path", ["", "/", [], ["/", ""]])
    def test_may_be_none(self, base_path: Any) -> None:
        app = Asgi()
        for path in ("/", "//x", "/x"):
            Bridge(app, base_path=base_path)({**sample("http_api"), "rawPath": path})
        assert [(seen.root_path, seen.path) for seen in app.seen] == [("", "/"), ("", "//x"), ("", "/x")]

    def test_is_where_a_rest_api_on_a_custom_domain_has_it(self) -> None:
        app = Wsgi()
        Bridge(app, base_path="shop")(sample("rest_custom_domain"))
        assert (app.seen[0].raw["SCRIPT_NAME"], app.seen[0].raw["PATH_INFO"]) == ("/shop", "/items/7")

    @BOTH
    async def test_holds_for_handle_async_too(self, interface: Interface) -> None:
        app = APPS[interface]()
        await Bridge(app, base_path="shop").handle_async(sample("rest_custom_domain"))
        assert app.seen[0].root_path == "/shop"


class TestErrors:
    @pytest.mark.parametrize("app", [asgi_boom, wsgi_boom])
    @EVERY_TARGET
    def test_are_answered_with_a_plain_500_and_logged_with_their_traceback(
        self, app: Any, target: Target, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = target.answer(Bridge(app)(target.event(Sent(path="/x"))))
        assert (answer.status, answer.body) == (500, b"Internal Server Error")
        assert answer.values("content-type") == ["text/plain; charset=utf-8"]
        (record,) = caplog.records
        assert (record.name, record.levelno) == ("bridge", logging.ERROR)
        assert record.getMessage() in [f"GET {path} answered 500: AppsOwnError: secret" for path in ("/x", "/prod/x")]
        assert record.exc_info is not None
        assert isinstance(record.exc_info[1], AppsOwnError)
        assert record.exc_info[1].__traceback__ is not None

    @pytest.mark.parametrize("app", [asgi_boom, wsgi_boom])
    def test_are_not_told_to_the_client(self, app: Any) -> None:
        assert "secret" not in json.dumps(Bridge(app)(sample("http_api")))

    @pytest.mark.parametrize("app", [asgi_boom, wsgi_boom, asgi_late_boom, wsgi_late_boom])
    def test_are_let_through_if_asked_for(self, app: Any, caplog: pytest.LogCaptureFixture) -> None:
        with pytest.raises(AppsOwnError):
            Bridge(app, errors="raise")(sample("http_api"))
        assert not caplog.records

    @pytest.mark.parametrize(
        ("app", "told"),
        [
            (asgi_late_boom, "and failed after that (a background task, or the like): AppsOwnError: late\n"),
            (wsgi_late_boom, "and close() of the app's iterable failed after that: AppsOwnError: late. The fault is"),
        ],
    )
    def test_after_a_complete_response_leave_it_as_it_is(
        self, app: Any, told: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        result = Bridge(app)(sample("http_api"))
        assert (result["statusCode"], result["body"]) == (202, "done")
        assert told in caplog.text

    @pytest.mark.parametrize("app", [asgi_boom, wsgi_boom])
    async def test_are_answered_by_handle_async_too(self, app: Any) -> None:
        assert (await Bridge(app).handle_async(sample("http_api")))["statusCode"] == 500
        with pytest.raises(AppsOwnError):
            await Bridge(app, errors="raise").handle_async(sample("http_api"))

    def test_of_headers_that_would_split_the_response_are_a_500(self) -> None:
        reply = Reply(headers=[("location", b"/\r\nset-cookie: evil=1")])
        for app in (Asgi(reply), Wsgi(reply)):
            result = Bridge(app)(sample("http_api"))
            assert result["statusCode"] == 500
            assert "evil" not in json.dumps(result)

    @BOTH
    def test_of_the_event_are_always_let_through(self, interface: Interface) -> None:
        bridge = Bridge(APPS[interface]())
        with pytest.raises(EventError, match="aws:sqs"):
            bridge(sample("other_sqs"))
        with pytest.raises(EventError, match="not base64"):
            bridge({**sample("http_api"), "body": "!", "isBase64Encoded": True})

    @BOTH
    async def test_of_the_event_are_let_through_by_handle_async_too(self, interface: Interface) -> None:
        with pytest.raises(EventError, match="aws:sqs"):
            await Bridge(APPS[interface]()).handle_async(sample("other_sqs"))

    def test_an_app_that_runs_out_of_time_is_a_504(self, caplog: pytest.LogCaptureFixture) -> None:
        class Context:
            def get_remaining_time_in_millis(self) -> int:
                return 40

        async def app(scope: object, receive: object, send: object) -> None:
            await asyncio.sleep(60)

        result = Bridge(app, lifespan="off")(sample("http_api"), Context())
        assert (result["statusCode"], result["body"]) == (504, "Gateway Timeout")
        (record,) = caplog.records
        assert record.exc_info is None
        assert "time ran out" in record.getMessage()


LIMITS = [(target, target.limit) for target in TARGETS]
EVERY_LIMIT = pytest.mark.parametrize(("target", "limit"), LIMITS, ids=[target.name for target, _ in LIMITS])


class TestResultTooLarge:
    @EVERY_LIMIT
    @pytest.mark.parametrize("status", [200, 404, 500])
    def test_is_a_500_of_the_apps_fault(
        self, target: Target, limit: int, status: int, caplog: pytest.LogCaptureFixture
    ) -> None:
        bridge = Bridge(Wsgi(Reply(status=status, body=b"x" * limit)))
        answer = target.answer(bridge(target.event(Sent())))
        assert (answer.status, answer.body) == (500, b"Internal Server Error")
        assert f"and its receiver takes {limit:,} at most" in caplog.text

    @EVERY_LIMIT
    def test_is_raised_if_asked_for(self, target: Target, limit: int) -> None:
        bridge = Bridge(Asgi(Reply(body=b"x" * limit)), errors="raise")
        with pytest.raises(ResultTooLargeError, match="bytes of JSON"):
            bridge(target.event(Sent()))

    @EVERY_LIMIT
    def test_is_measured_to_the_byte(self, target: Target, limit: int) -> None:
        event = target.event(Sent())
        rest = len(json.dumps(Bridge(Wsgi(Reply(body=b"x")))(event))) - 1
        assert target.answer(Bridge(Wsgi(Reply(body=b"x" * (limit - rest))))(event)).status == 200
        assert target.answer(Bridge(Wsgi(Reply(body=b"x" * (limit - rest + 1))))(event)).status == 500

    @EVERY_LIMIT
    @pytest.mark.parametrize(
        ("character", "size"), [("\0", 6), ('"', 2), ("\x1f", 6)], ids=["nul", "quote", "unit separator"]
    )
    def test_counts_what_json_makes_of_the_body(self, target: Target, limit: int, character: str, size: int) -> None:
        bridge = Bridge(Wsgi(Reply(body=character.encode() * (limit // size))))
        assert target.answer(bridge(target.event(Sent()))).status == 500

    @EVERY_LIMIT
    def test_counts_characters_beyond_the_basic_plane(self, target: Target, limit: int) -> None:
        bridge = Bridge(Wsgi(Reply(body="😀".encode() * (limit // 4))))
        assert target.answer(bridge(target.event(Sent()))).status == 500

    @EVERY_LIMIT
    def test_counts_base64(self, target: Target, limit: int) -> None:
        bridge = Bridge(Wsgi(Reply(body=b"\xff" * (limit * 3 // 4 - 1000))))
        assert target.answer(bridge(target.event(Sent()))).status == 200
        bridge = Bridge(Wsgi(Reply(body=b"\xff" * (limit * 3 // 4))))
        assert target.answer(bridge(target.event(Sent()))).status == 500

    def test_is_no_matter_where_the_body_is_not_sent(self) -> None:
        event = {**sample("alb"), "httpMethod": "HEAD"}
        assert Bridge(Wsgi(Reply(body=b"x" * alb.LIMIT)))(event)["statusCode"] == 200


class TestRequestTooLarge:
    @BOTH
    def test_is_a_413_that_the_app_does_not_see(self, interface: Interface, caplog: pytest.LogCaptureFixture) -> None:
        app = APPS[interface]()
        answer = TARGET["edge_viewer"].answer(Bridge(app, errors="raise")(sample("edge_truncated")))
        assert (answer.status, answer.body) == (413, b"Content Too Large")
        assert answer.values("content-type") == ["text/plain; charset=utf-8"]
        assert app.seen == []
        (record,) = caplog.records
        assert (record.name, record.levelno) == ("bridge", logging.WARNING)
        assert "PUT '/upload': CloudFront has cut the body after 40,960 bytes" in record.getMessage()

    @BOTH
    async def test_is_one_for_handle_async_too(self, interface: Interface) -> None:
        app = APPS[interface]()
        result = await Bridge(app).handle_async(sample("edge_truncated"))
        assert (result["status"], app.seen) == ("413", [])


@BOTH
@pytest.mark.parametrize("status", [204, 304])
def test_a_status_that_has_no_body_is_sent_without_one(interface: Interface, status: int) -> None:
    result = Bridge(APPS[interface](Reply(status=status, body=b"x")))(sample("http_api"))
    assert (result["statusCode"], result["body"], result["isBase64Encoded"]) == (status, "", False)


class TestHandleAsync:
    @EVERY_TARGET
    @BOTH
    async def test_has_the_result_that_a_call_has(self, target: Target, interface: Interface) -> None:
        result = await Bridge(APPS[interface]()).handle_async(target.event(Sent()))
        assert target.answer(result).body == b"ok"

    async def test_runs_a_wsgi_app_in_another_thread(self) -> None:
        threads: list[threading.Thread] = []

        def app(environ: object, start_response: StartResponse) -> list[bytes]:
            threads.append(threading.current_thread())
            start_response("200 OK", [])
            return []

        await Bridge(app).handle_async(sample("http_api"))
        assert threads != [threading.current_thread()]

    async def test_runs_an_asgi_app_on_the_callers_loop(self) -> None:
        loops: list[asyncio.AbstractEventLoop] = []

        async def app(scope: object, receive: object, send: Callable[..., Any]) -> None:
            loops.append(asyncio.get_running_loop())
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body"})

        await Bridge(app, lifespan="off").handle_async(sample("http_api"))
        assert loops == [asyncio.get_running_loop()]

    @BOTH
    async def test_gives_the_context_to_the_app(self, interface: Interface) -> None:
        app, context = APPS[interface](), object()
        await Bridge(app).handle_async(sample("http_api"), context)
        assert app.seen[0].raw["aws.context"] is context


@BOTH
def test_close_may_be_called_at_any_time(interface: Interface) -> None:
    bridge = Bridge(APPS[interface]())
    bridge.close()
    bridge(sample("http_api"))
    bridge.close()
    bridge.close()
    assert bridge(sample("http_api"))["statusCode"] == 200


def test_in_lambda_an_asgi_app_starts_up_before_the_first_event(monkeypatch: pytest.MonkeyPatch) -> None:
    kinds: list[str] = []

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        kinds.append(scope["type"])

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "probe")
    Bridge(app)
    assert kinds == ["lifespan"]


def test_out_of_lambda_an_asgi_app_starts_up_with_the_first_event() -> None:
    kinds: list[str] = []

    async def app(scope: dict[str, Any], receive: object, send: object) -> None:
        kinds.append(scope["type"])

    bridge = Bridge(app)
    assert kinds == []
    bridge(sample("http_api"))
    assert kinds == ["lifespan", "http"]
