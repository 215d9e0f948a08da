"""What becomes of failures: what the client gets, what Lambda sees, and what the log says."""

import logging
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given, strategies as st

from bridge import AppError, Bridge, DeadlineError, EventError, LifespanError
from bridge._app.late import close_failed
from bridge._app.policy import Policy, described, exception_of, failure_line, named
from bridge._http import body as bodies
from bridge._invocation import keep_context
from bridge.errors import BodyNotIncludedError, RequestIncompleteError, RequestTooLargeError
from bridge.types import Request, Response, ResponseHeaders

from ..apps import APPS, Interface, Reply, Wsgi
from ..samples import sample

BOTH = pytest.mark.parametrize("interface", ["asgi", "wsgi"])
NO_HEADERS: ResponseHeaders = ({}, [], {})
GET: Request = ("GET", "https", None, "/x", b"/x", "", "", "HTTP/1.1", (), None, None, None, False)


class Recording:
    """A format of the user's that cannot be read, or can, and whose results are what they are made of."""

    LIMIT = 1_000_000

    def __init__(self, failure: Exception | None = None) -> None:
        self.failure = failure

    def accepts(self, event: Any) -> bool:
        return True

    def request(self, event: Any) -> Request:
        if self.failure is not None:
            raise self.failure
        return GET

    def result(self, event: Any, status: int, headers: ResponseHeaders, body: str, is_base64: bool) -> Any:
        return event, status, headers, body, is_base64


def policy(raises: bool = False) -> Policy:
    return Policy(bodies.is_text, raises, ({"x-own": "1"}, [], {}))


def logged(caplog: pytest.LogCaptureFixture) -> list[tuple[int, str]]:
    """What Bridge has logged: what other tests have left behind is asyncio's to report, at any time."""
    return [(record.levelno, record.getMessage()) for record in caplog.records if record.name == "bridge"]


@pytest.mark.parametrize(
    ("failure", "status", "answer", "level"),
    [
        (RequestTooLargeError("cut"), 413, "Content Too Large", logging.WARNING),
        (BodyNotIncludedError("kept"), 500, "Internal Server Error", logging.ERROR),
    ],
)
def test_a_request_of_which_a_part_is_missing_is_refused_noted_and_logged(
    failure: RequestIncompleteError, status: int, answer: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    noted: list[Any] = []
    refusing = policy()
    refusing.note = lambda error, got: noted.append((error, got))
    headers: ResponseHeaders = ({"content-type": "text/plain; charset=utf-8", "x-own": "1"}, [], {})
    result: Any = refusing.refused(Recording(), {"a": 1}, failure)
    assert result == ({"a": 1}, status, headers, answer, False)
    assert noted == [(failure, status)]
    assert logged(caplog) == [(level, f"refused with {status}: {failure}")]


@pytest.mark.parametrize("failure", [KeyError("mine"), EventError("broken")])
def test_what_a_format_of_the_users_raises_is_let_through(failure: Exception) -> None:
    with pytest.raises(type(failure)) as raised:
        Bridge(Wsgi(), sources=[Recording(failure)])({})
    assert raised.value is failure


@BOTH
async def test_an_event_that_breaks_its_format_is_an_error_that_names_the_field(interface: Interface) -> None:
    bridge = Bridge(APPS[interface]())
    event = {**sample("http_api"), "rawQueryString": 7}
    for _ in range(2):
        with pytest.raises(EventError, match=r"^the event breaks its format: rawQueryString must be a string, not "):
            await bridge.handle_async(event)


def test_an_error_beside_a_success_is_no_failed_invocation() -> None:
    result: Any = policy().event_result(Recording(), {}, GET, (399, NO_HEADERS, b""), LookupError("late"))
    assert result[1] == 399


@pytest.mark.parametrize("response", [None, (400, NO_HEADERS, b""), (500, NO_HEADERS, b"")])
def test_an_error_beside_no_success_fails_the_invocation(response: Response | None) -> None:
    error = LookupError("mine")
    with pytest.raises(LookupError) as raised:
        policy().event_result(Recording(), {}, GET, response, error)
    assert raised.value is error


@BOTH
async def test_a_response_without_a_failure_goes_out_in_silence(
    interface: Interface, caplog: pytest.LogCaptureFixture
) -> None:
    for status in (200, 404, 500):
        bridge = Bridge(APPS[interface](Reply(status=status)), lifespan="off")
        assert (await bridge.handle_async(sample("http_api")))["statusCode"] == status
    assert logged(caplog) == []


def test_neither_a_response_nor_an_error_is_a_plain_500(caplog: pytest.LogCaptureFixture) -> None:
    result: Any = policy().result_of(Recording(), {}, GET, None, None)
    assert result[1:4:2] == (500, "Internal Server Error")
    assert logged(caplog) == [(logging.ERROR, "GET /x answered 500: the app said nothing")]


@pytest.mark.parametrize("answered", [None, 200, 503])
def test_a_failure_is_noted_with_the_status_that_the_client_gets(answered: int | None) -> None:
    noted: list[Any] = []
    noting = policy()
    noting.note = lambda error, status: noted.append((error, status))
    errors: list[tuple[BaseException | None, int]] = [(LookupError(), 500), (None, 500), (DeadlineError(), 504)]
    for error, status in errors:
        assert noting.failure_status(error, "GET /x", answered) == status
    assert noted == [(error, status if answered is None else answered) for error, status in errors]


@BOTH
def test_a_status_that_an_error_of_the_apps_has_is_not_bridges_to_answer_with(interface: Interface) -> None:
    class NotFoundError(Exception):
        status = 404
        is_for_lambda = False

    async def asgi(scope: object, receive: object, send: object) -> None:
        raise NotFoundError

    def wsgi(environ: object, start_response: object) -> Iterable[bytes]:
        raise NotFoundError

    app: Any = {"asgi": asgi, "wsgi": wsgi}[interface]
    bridge = Bridge(app, lifespan="off")
    assert bridge(sample("http_api"))["statusCode"] == 500


@pytest.mark.parametrize("raises", [False, True])
def test_an_error_that_is_lambdas_to_see_is_raised_whatever_the_policy(
    raises: bool, caplog: pytest.LogCaptureFixture
) -> None:
    error = LifespanError("no database")
    with pytest.raises(LifespanError) as raised:
        policy(raises).failure_response(GET, None, error)
    assert raised.value is error
    assert logged(caplog) == []


@pytest.mark.parametrize(("method", "status"), [("GET", 204), ("GET", 304), ("HEAD", 200), ("HEAD", 204)])
def test_a_response_without_a_body_keeps_its_length_only_where_it_may_have_one(method: str, status: int) -> None:
    headers: ResponseHeaders = ({"content-length": "7"}, [], {})
    result: Any = policy().result(Recording(), {}, (method, *GET[1:]), (status, headers, b"ignored"))
    assert result == ({}, status, headers, "", False)
    assert headers[0] == ({} if status == 204 else {"content-length": "7"})


class Measuring:
    """What gets results next, and says how large they are."""

    def __init__(self, *sizes: int) -> None:
        self.sizes = [*sizes]
        self.measured: list[Any] = []

    def measure(self, result: Any) -> int:
        self.measured.append(result)
        return self.sizes.pop(0)


@pytest.mark.parametrize(("sizes", "status"), [((10,), 200), ((11, 10), 500)])
def test_what_gets_a_large_result_next_says_how_large_it_is_even_for_the_500_in_its_place(
    sizes: tuple[int, ...], status: int, caplog: pytest.LogCaptureFixture
) -> None:
    source, receiver = Recording(), Measuring(*sizes)
    source.LIMIT = 10
    result: Any = policy().result(source, {}, GET, (200, NO_HEADERS, b"ok"), receiver)
    assert result[1] == status
    assert [measured[1] for measured in receiver.measured] == [200, 500][: len(sizes)]
    assert receiver.measured[-1] is result
    assert ("the result has 11 bytes of JSON, and its receiver takes 10 at most" in caplog.text) is (status == 500)


def test_what_is_noted_on_an_error_for_the_log_does_not_reach_lambda() -> None:
    error = close_failed(keep_context(LookupError("mine"), None), "was sent before")
    assert error.__dict__
    assert exception_of(error) is error
    assert error.__dict__ == {}


@pytest.mark.parametrize(
    ("status", "is_complete", "is_late"),
    [(200, True, True), (499, True, True), (500, True, False), (500, False, False), (404, False, False)],
)
def test_a_failure_is_late_where_the_client_has_got_something_else(
    status: int, is_complete: bool, is_late: bool
) -> None:
    late = ", and failed after that (a background task, or the like)" if is_late else ""
    line = failure_line("GET /x", status, LookupError("mine"), is_complete)
    assert line == f"GET /x answered {status}{late}: LookupError: mine"


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT)
def test_whatever_a_client_asks_for_or_an_error_says_is_one_line_of_the_log(text: str) -> None:
    for line in (named(("GET", "https", None, text, *GET[4:])), described(ValueError(text)), described(AppError(text))):
        assert line.isprintable() or line == ""
        assert "\n" not in line


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/x", "/x"),
        ("/é\\n'\"", "/é\\n'\""),
        ("/a\nGET /b", "/a\\nGET /b"),
        ("/\x1b[2J", "/\\x1b[2J"),
        ("\x00", "\\x00"),
    ],
)
def test_a_path_is_logged_as_it_is_where_that_can_be_read(path: str, line: str) -> None:
    assert named(("GET", "https", None, path, *GET[4:])) == f"GET {line}"


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (None, "the app said nothing"),
        (LookupError(), "LookupError"),
        (LookupError("a: b"), "LookupError: a: b"),
        (LookupError("a 'b' \\n \"c\""), "LookupError: a 'b' \\n \"c\""),
        (LookupError("two\nlines  of\ttext"), "LookupError: two lines  of\\ttext"),
        (LookupError("\x1b"), "LookupError: \\x1b"),
        (LookupError("in C:\\new:\nline 1"), "LookupError: in C:\\new: line 1"),
        (LookupError("\\n\n\0"), "LookupError: \\\\n \\x00"),
        (AppError("the app's own"), "the app's own"),
        (AppError("\nXX\n"), " XX "),
        (AppError(": "), ": "),
    ],
)
def test_an_error_is_logged_as_it_is_where_that_can_be_read(error: BaseException | None, line: str) -> None:
    assert described(error) == line
