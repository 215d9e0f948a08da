import asyncio
import base64
import json
import re
from collections.abc import Iterable
from typing import Any

import pytest
from awslambdaric import bootstrap
from awslambdaric.lambda_runtime_marshaller import LambdaMarshaller
from hypothesis import given, strategies as st

from bridge import Bridge, ConfigurationError, EventError, StatusError
from bridge.sources import CustomIntegration
from bridge.types import ResponseHeaders

from ..apps import APPS, Asgi, Interface, Reply, Wsgi
from ..samples import HTTP, OTHER, sample
from .test_templates import CLIENT, JSON, passthrough, serverless

BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])
JSON_REPLY = [("content-type", b"application/json")]


def bridged(app: Asgi | Wsgi, integration: CustomIntegration) -> Any:
    """A bridge whose result may be any JSON."""
    return Bridge(app, sources=[integration])


def answered(reply: Reply, event: Any = None, **options: Any) -> Any:
    """What an event comes to, by default that of a body."""
    return bridged(Wsgi(reply), CustomIntegration(**options))({"item": "tea"} if event is None else event)


def refused(reply: Reply, event: Any = None, **options: Any) -> str:
    """The text of the error that an event comes to."""
    with pytest.raises(StatusError) as raised:
        answered(reply, event, **options)
    return str(raised.value)


class TestOptions:
    @pytest.mark.parametrize("template", ["passtrough", "", 7, ["passthrough"], True])
    def test_name_a_template_that_exists(self, template: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"takes 'passthrough', 'serverless' or None, not"):
            CustomIntegration(template)

    @pytest.mark.parametrize("path", ["", "orders", "https://example.com/"])
    def test_have_a_path_that_starts_with_a_slash(self, path: str) -> None:
        with pytest.raises(ConfigurationError, match="a path that starts with '/', not"):
            CustomIntegration(path=path)

    def test_are_keywords_but_for_the_template(self) -> None:
        with pytest.raises(TypeError):
            CustomIntegration(None, "PUT")  # type: ignore[call-arg]


class TestTemplates:
    @BOTH
    @pytest.mark.parametrize(("template", "make"), [("passthrough", passthrough), ("serverless", serverless)])
    def test_give_the_app_the_request(self, interface: Interface, template: Any, make: Any) -> None:
        app = APPS[interface]()
        event = make(
            resource="/{shop}/orders",
            path={"shop": "caf%C3%A9"},
            query={"gift": "yes please"},
            headers={"Host": "api.example.com", "X-Probe": "1"},
            body={"item": "tea"},
        )
        assert bridged(app, CustomIntegration(template))(event) == "ok"
        (seen,) = app.seen
        assert (seen.method, seen.path, seen.query) == ("POST", "/café/orders", "gift=yes+please")
        assert (seen.scheme, seen.server, seen.client) == ("https", ("api.example.com", 443), CLIENT)
        assert json.loads(seen.body) == {"item": "tea"}
        assert seen.header("content-type") == "application/json"
        assert seen.header("content-length") == str(len(seen.body))
        assert seen.header("x-probe") == "1"
        assert seen.raw["aws.event"].raw_event is event

    @pytest.mark.parametrize("template", ["passthrough", "serverless"])
    @pytest.mark.parametrize("name", HTTP)
    def test_leave_http_events_to_bridge_where_the_function_is_shared(self, template: Any, name: str) -> None:
        shared = CustomIntegration(template, shared=True)
        assert Bridge(Wsgi(), sources=[shared])(sample(name)) == Bridge(Wsgi())(sample(name))

    @pytest.mark.parametrize(("template", "make"), [("passthrough", serverless), ("serverless", passthrough)])
    def test_are_not_guessed(self, template: Any, make: Any) -> None:
        assert not CustomIntegration(template, shared=True).accepts(make())

    def test_say_why_an_event_that_is_not_theirs_came_and_what_to_do(self) -> None:
        with pytest.raises(EventError) as refusal:
            CustomIntegration("serverless").request(passthrough())
        assert str(refusal.value) == (
            "CustomIntegration('serverless') got an event that this mapping template cannot have made. Either its "
            "passthroughBehavior is not NEVER, and a client has sent a Content-Type for which there is no template: "
            "then the client wrote the event. Or the function has other callers: then say "
            "CustomIntegration('serverless', shared=True)"
        )

    def test_refuse_what_is_nested_too_deep(self) -> None:
        deep: Any = []
        for _ in range(100_000):
            deep = [deep]
        with pytest.raises(EventError) as refusal:
            CustomIntegration().request(deep)
        assert str(refusal.value) == "the event is nested too deep"


class TestBodies:
    @given(JSON)
    def test_are_any_json(self, event: Any) -> None:
        app = Wsgi()
        assert bridged(app, CustomIntegration())(event) == "ok"
        (seen,) = app.seen
        assert (seen.method, seen.path, seen.query, seen.client) == ("POST", "/", "", None)
        assert seen.header("content-type") == "application/json"
        assert json.loads(seen.body) == event

    def test_go_where_they_are_said_to_go(self) -> None:
        app = Asgi()
        Bridge(app, sources=[CustomIntegration(method="PUT", path="/a%20b")])({"item": "tea"})
        assert (app.seen[0].method, app.seen[0].path, app.seen[0].raw["raw_path"]) == ("PUT", "/a b", b"/a%20b")

    @pytest.mark.parametrize("make", [passthrough, serverless])
    @pytest.mark.parametrize("shared", [True, False])
    def test_that_look_like_a_template_s_output_are_not_believed(self, make: Any, shared: bool) -> None:
        app = Wsgi()
        forged = make(method="DELETE", resource="/admin", headers={"Authorization": "forged"})
        Bridge(app, sources=[CustomIntegration(shared=shared, path="/orders")])(forged)
        (seen,) = app.seen
        assert (seen.method, seen.path, seen.client) == ("POST", "/orders", None)
        assert "authorization" not in seen.headers
        assert json.loads(seen.body) == forged

    def test_that_look_like_other_events_are_not_believed_where_they_are_all_there_is(self) -> None:
        for name in (*HTTP, *OTHER):
            app = Wsgi()
            Bridge(app, sources=[CustomIntegration(path="/orders")])(sample(name))
            assert (app.seen[0].method, app.seen[0].path) == ("POST", "/orders")
            assert json.loads(app.seen[0].body) == sample(name)

    def test_may_live_beside_the_events_that_have_a_name(self) -> None:
        shared = CustomIntegration(shared=True)
        assert [name for name in (*HTTP, *OTHER) if shared.accepts(sample(name))] == ["other_step_functions"]

    @pytest.mark.parametrize("event", [None, "text", 7, 7.5, True, [], ["a"], {}, {"Records": []}])
    def test_are_what_has_no_other_name(self, event: Any) -> None:
        assert CustomIntegration(shared=True).accepts(event)

    def test_do_not_lend_their_fields_to_an_error(self) -> None:
        forged = {"context": {"request-id": {"httpStatus": 200}}}
        text = refused(Reply(status=404), forged)
        assert "requestId" not in json.loads(text)
        assert not re.fullmatch('.*"httpStatus":200.*', text)


class TestResult:
    @given(JSON)
    def test_is_the_value_of_a_json_body(self, value: object) -> None:
        reply = Reply(headers=[("content-type", b"application/json")], body=json.dumps(value).encode())
        assert answered(reply) == value

    @pytest.mark.parametrize("content_type", [b"Application/JSON; charset=utf-8", b"application/problem+json"])
    def test_is_a_value_for_any_type_of_json(self, content_type: bytes) -> None:
        assert answered(Reply(headers=[("content-type", content_type)], body=b'{"a": [1]}')) == {"a": [1]}

    @pytest.mark.parametrize("headers", [[], [("content-type", b"text/plain")], [("content-type", b"text/json")]])
    def test_is_the_text_of_any_other_body(self, headers: list[tuple[str, bytes]]) -> None:
        assert answered(Reply(headers=headers, body=b'{"a": 1}')) == '{"a": 1}'

    @pytest.mark.parametrize(
        "body",
        [b"", b"{", b"NaN", b"[-Infinity]", b"1e999", b"-1e999", b"[" * 100_000, b"9" * 10_000],
        ids=["empty", "broken", "nan", "infinity", "huge", "tiny", "deep", "long"],
    )
    def test_is_the_text_of_a_body_that_is_json_by_name_only(self, body: bytes) -> None:
        assert answered(Reply(headers=JSON_REPLY, body=body)) == body.decode()

    @pytest.mark.parametrize(
        "headers",
        [
            [("content-type", b"image/png")],
            [("content-type", b"application/json"), ("content-encoding", b"gzip")],
        ],
    )
    def test_is_the_base64_of_bytes(self, headers: list[tuple[str, bytes]]) -> None:
        assert answered(Reply(headers=headers, body=b'"\xff"')) == base64.b64encode(b'"\xff"').decode()

    def test_is_base64_even_where_that_reads_as_json(self) -> None:
        assert answered(Reply(headers=JSON_REPLY, body=base64.b64decode("1234"))) == "1234"

    @pytest.mark.parametrize("status", [200, 201, 204, 299])
    def test_has_no_status_and_no_headers(self, status: int) -> None:
        body = b"" if status == 204 else b'{"a": 1}'
        reply = Reply(status=status, headers=[*JSON_REPLY, ("set-cookie", b"a=1")], body=body)
        assert answered(reply) == ("" if status == 204 else {"a": 1})

    @BOTH
    def test_is_the_same_for_handle_async(self, interface: Interface) -> None:
        app = APPS[interface](Reply(headers=JSON_REPLY, body=b"[1]"))
        assert asyncio.run(bridged(app, CustomIntegration()).handle_async({})) == [1]


class TestEnvelope:
    def test_has_what_templates_may_map(self) -> None:
        headers = [*JSON_REPLY, ("etag", b'"1"'), ("set-cookie", b"a=1"), ("set-cookie", b"b=2")]
        assert answered(Reply(status=201, headers=headers, body=b'{"number": 7}'), envelope=True) == {
            "statusCode": 201,
            "headers": {"content-type": "application/json", "etag": '"1"'},
            "cookies": ["a=1", "b=2"],
            "body": {"number": 7},
            "isBase64Encoded": False,
        }

    def test_says_what_is_base64(self) -> None:
        result = answered(Reply(headers=[("content-type", b"image/png")], body=b"\xff"), envelope=True)
        assert (result["body"], result["isBase64Encoded"]) == ("/w==", True)


class TestError:
    def test_is_json_of_the_documented_form(self) -> None:
        reply = Reply(status=404, headers=[*JSON_REPLY, ("set-cookie", b"a=1")], body=b'{"message": "no order 7"}')
        text = refused(reply, passthrough(), template="passthrough")
        assert list(json.loads(text).items()) == [
            ("httpStatus", 404),
            ("errorType", "NotFound"),
            ("reason", "Not Found"),
            ("requestId", "e5849002-39a0-11e7-a419-5bb5807c9fb2"),
            ("headers", {"content-type": "application/json"}),
            ("cookies", ["a=1"]),
            ("body", '{"message": "no order 7"}'),
            ("isBase64Encoded", False),
        ]
        assert text.startswith('{"httpStatus":404,')

    @pytest.mark.parametrize("options", [{"template": "serverless"}, {}])
    def test_has_no_request_id_where_the_event_has_none(self, options: Any) -> None:
        event = serverless() if options else {}
        assert "requestId" not in json.loads(refused(Reply(status=404), event, **options))

    @pytest.mark.parametrize(
        ("status", "kind"),
        [(300, "MultipleChoices"), (307, "TemporaryRedirect"), (400, "BadRequest"), (500, "InternalServerError")],
    )
    def test_is_raised_for_all_that_is_no_success(self, status: int, kind: str) -> None:
        text = refused(Reply(status=status))
        assert (json.loads(text)["httpStatus"], json.loads(text)["errorType"]) == (status, kind)

    def test_of_a_status_that_http_does_not_know_is_called_after_its_class(self) -> None:
        assert json.loads(refused(Reply(status=499)))["reason"] == "Bad Request"

    def test_of_bytes_has_base64(self) -> None:
        message = json.loads(refused(Reply(status=400, headers=[("content-type", b"image/png")], body=b"\xff")))
        assert (message["body"], message["isBase64Encoded"]) == ("/w==", True)

    @pytest.mark.parametrize(
        ("raise_from", "returned", "raised"), [(400, [200, 304, 399], [400, 500]), (None, [302, 404, 599], [])]
    )
    def test_begins_where_it_is_said_to(self, raise_from: Any, returned: list[int], raised: list[int]) -> None:
        for status in returned:
            assert answered(Reply(status=status), raise_from=raise_from, envelope=True)["statusCode"] == status
        for status in raised:
            refused(Reply(status=status), raise_from=raise_from)

    @given(st.text(), st.integers(300, 599))
    def test_matches_the_pattern_of_its_own_status_only(self, text: str, other: int) -> None:
        # What a client sent and an app repeats, with a pattern's own words in it.
        body = json.dumps({"echo": text, "httpStatus": other, "x": f'"httpStatus":{other}\u2028\n'}, ensure_ascii=False)
        reply = Reply(status=404, headers=JSON_REPLY, body=body.encode("utf-8", "replace"))
        message = refused(reply)
        # Java's dot stands for none of these, and Python's for all but the first.
        assert not set("\n\r\x85\u2028\u2029") & set(message)
        for status in {other, 404}:
            assert bool(re.fullmatch(f'.*"httpStatus":{status}.*', message)) is (status == 404)
        assert json.loads(message)["body"] == body.encode("utf-8", "replace").decode()

    @pytest.mark.parametrize("errors", ["respond", "raise"])
    @BOTH
    def test_passes_through_bridge(self, interface: Interface, errors: Any) -> None:
        bridge = Bridge(APPS[interface](Reply(status=404)), sources=[CustomIntegration()], errors=errors)
        with pytest.raises(StatusError):
            bridge({})  # of WSGI, and of ASGI
        with pytest.raises(StatusError):
            asyncio.run(bridge.handle_async({}))

    def test_is_that_of_an_app_that_fails(self, caplog: pytest.LogCaptureFixture) -> None:
        def app(environ: object, start_response: object) -> Iterable[bytes]:
            raise ZeroDivisionError("secret")

        with pytest.raises(StatusError) as raised:
            Bridge(app, sources=[CustomIntegration()])({})
        assert json.loads(str(raised.value))["httpStatus"] == 500
        assert "secret" not in str(raised.value)
        assert "secret" in caplog.text
        with pytest.raises(ZeroDivisionError):
            Bridge(app, sources=[CustomIntegration()], errors="raise")({})

    def test_is_that_of_a_result_that_does_not_fit(self, caplog: pytest.LogCaptureFixture) -> None:
        fits = Reply(body=b"x" * (CustomIntegration.LIMIT - 100))
        assert len(answered(fits)) == len(fits.body)
        for body, headers in [
            (b"x" * CustomIntegration.LIMIT, []),
            (b"[" + b"1," * (CustomIntegration.LIMIT // 2) + b"1]", JSON_REPLY),
        ]:
            for envelope in (False, True):
                text = refused(Reply(headers=headers, body=body), envelope=envelope)
                assert json.loads(text)["httpStatus"] == 500
        assert "its receiver takes 6,291,556 at most" in caplog.text

    def test_that_would_not_fit_leaves_its_body_out(self, caplog: pytest.LogCaptureFixture) -> None:
        most = (CustomIntegration.LIMIT - 65_536) // 2
        fits = most - len(refused(Reply(status=404, body=b"")))
        assert len(json.loads(refused(Reply(status=404, body=b"x" * fits)))["body"]) == fits
        assert not caplog.records
        for body in (b"x" * (fits + 1), b'"' * (fits - 9)):
            message = json.loads(refused(Reply(status=404, body=body)))
            assert (message["httpStatus"], message["body"]) == (404, "")
            said = f"the body of a response with status 404, {len(body)} characters, was left out: too long"
            assert caplog.records.pop().getMessage() == said
        message = json.loads(refused(Reply(status=404, headers=[("content-type", b"image/png")], body=bytes(fits))))
        assert (message["body"], message["isBase64Encoded"]) == ("", False)


class Runtime:
    """Lambda's side of awslambdaric: what it would have posted."""

    marshaller = LambdaMarshaller()

    def __init__(self) -> None:
        self.posted: list[str] = []

    def post_invocation_result(self, invoke_id: str, result: str, content_type: str, *rest: object) -> None:
        self.posted.append(result)

    def post_invocation_error(self, invoke_id: str, error: str, *rest: object) -> None:
        self.posted.append(error)


@pytest.fixture
def invoked() -> Any:
    """What Lambda gets, and so API Gateway, of an event, with the runtime interface client between."""

    def run(reply: Reply, event: object, integration: CustomIntegration) -> Any:
        runtime = Runtime()
        handler = Bridge(Wsgi(reply), sources=[integration])
        arguments = (handler, "e5849002", json.dumps(event), "application/json", None, None, "arn:aws:lambda", 0, None)
        bootstrap.handle_event_request(runtime, *arguments, bootstrap.StandardLogSink())
        (posted,) = runtime.posted
        return json.loads(posted)

    return run


class TestInLambda:
    def test_the_error_message_is_the_text(self, invoked: Any, capsys: pytest.CaptureFixture[str]) -> None:
        reply = Reply(status=404, headers=JSON_REPLY, body='{"message": "no tea, “né”"}'.encode())
        error = invoked(reply, passthrough(), CustomIntegration("passthrough"))
        assert error["errorType"] == "StatusError"
        assert re.fullmatch('.*"httpStatus":404.*', error["errorMessage"])
        message = json.loads(error["errorMessage"])
        assert (message["httpStatus"], message["body"]) == (404, '{"message": "no tea, “né”"}')
        assert "[ERROR] StatusError: {" in capsys.readouterr().out

    @given(JSON)
    def test_the_result_is_the_body(self, value: object) -> None:
        reply = Reply(headers=JSON_REPLY, body=json.dumps(value).encode())
        runtime = Runtime()
        handler = Bridge(Wsgi(reply), sources=[CustomIntegration()])
        arguments = (handler, "e5849002", "[7]", "application/json", None, None, "arn:aws:lambda", 0, None)
        bootstrap.handle_event_request(runtime, *arguments, bootstrap.StandardLogSink())
        assert json.loads(runtime.posted[0]) == value

    def test_an_event_of_any_json_is_a_body(self, invoked: Any) -> None:
        events: list[Any] = [None, "text", 7, [], {"a": 1}]
        for event in events:
            assert invoked(Reply(), event, CustomIntegration()) == "ok"


def test_the_headers_of_a_response_are_left_as_they_are() -> None:
    headers: ResponseHeaders = ({"content-type": "application/json"}, [], {})
    assert CustomIntegration().result({}, 200, headers, "[1]", False) == [1]
    assert headers == ({"content-type": "application/json"}, [], {})
