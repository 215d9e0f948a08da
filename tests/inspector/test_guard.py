"""Who reaches the inspector, and what can be done with it."""

import re
from typing import Any

import pytest
from starlette.testclient import TestClient

from bridge.gateway import Gateway
from bridge.gateway._inspector import PATH, Inspector

from .inspected import BASE, OWN, behind

HOSTILE = "<script>document.title='taken'</script>"


def echo(event: Any, context: Any) -> Any:
    return {"statusCode": 200, "headers": {"content-type": "text/html"}, "body": event["rawPath"] + HOSTILE}


def answered(headers: dict[str, str], client: str = "127.0.0.1", method: str = "GET", path: str = "requests") -> int:
    """The status of a request to the inspector."""
    app = Inspector("main:app").before(Gateway(echo))
    return TestClient(app, BASE, client=(client, 5000)).request(method, PATH + path, headers=headers).status_code


@pytest.mark.parametrize("client", ["127.0.0.1", "127.8.0.1", "::1", "::ffff:127.0.0.1"])
@pytest.mark.parametrize("host", ["localhost", "localhost:8000", "app.localhost:8000", "127.0.0.1:8000", "[::1]:8000"])
def test_this_machine_reaches_it(client: str, host: str) -> None:
    assert answered({"host": host}, client) == 200


@pytest.mark.parametrize("client", ["10.0.0.7", "::ffff:10.0.0.7", "2001:db8::1", "testclient", ""])
def test_another_machine_does_not(client: str) -> None:
    assert answered({}, client) == 403


@pytest.mark.parametrize(
    "host", ["rebound.example.com", "rebound.example.com:8000", "localhost.example.com", "10.0.0.7", "", "[", "[::1"]
)
def test_a_name_that_a_site_can_have_is_refused(host: str) -> None:
    assert answered({"host": host}) == 403


@pytest.mark.parametrize("name", ["X-Forwarded-For", "X-Forwarded-Host", "Forwarded", "Via", "X-Real-IP"])
def test_who_comes_through_a_tunnel_is_refused(name: str) -> None:
    assert answered({name: "203.0.113.7"}) == 403


@pytest.mark.parametrize("path", ["clear", "requests/1/replay"])
@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"x-bridge-inspector": "0"},
        {**OWN, "origin": "http://example.com"},
        {**OWN, "origin": "null"},
        {**OWN, "origin": "http://127.0.0.1:9000"},
        {**OWN, "sec-fetch-site": "cross-site"},
        {**OWN, "sec-fetch-site": "same-site"},
        {**OWN, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
    ],
)
def test_what_changes_something_comes_from_the_inspector_s_own_page(path: str, headers: dict[str, str]) -> None:
    assert answered(headers, method="POST", path=path) == 403


def test_the_page_itself_may_change_something() -> None:
    headers = {**OWN, "origin": "http://127.0.0.1:8000", "sec-fetch-site": "same-origin"}
    assert answered(headers, method="POST", path="clear") == 200


def test_another_page_reads_nothing_and_may_link_here() -> None:
    assert answered({"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}) == 403
    assert answered({"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"}, path="") == 200


def test_a_preflight_is_not_answered() -> None:
    headers = {"origin": "http://example.com", "access-control-request-headers": "x-bridge-inspector"}
    assert answered(headers, method="OPTIONS", path="clear") == 403
    assert answered(OWN, method="DELETE", path="clear") == 405


def test_every_answer_has_the_policy() -> None:
    with behind(echo) as asked:
        client = asked.client
        asked.client.get("/")
        own = ["", "style.css", "script.js", "requests", "requests/1", "requests/2", "requests/x", "favicon.ico"]
        answers = [client.get(PATH + path) for path in own]
        answers += [client.get(PATH[:-1], follow_redirects=False), client.post(PATH + "clear")]
    assert [each.status_code for each in answers] == [200, 200, 200, 200, 200, 404, 404, 404, 307, 403]
    for answer in answers:
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"
        assert "access-control-allow-origin" not in answer.headers


def test_what_a_client_wrote_is_in_no_page_but_in_json_only() -> None:
    with behind(echo) as asked:
        asked.client.get("/" + HOSTILE, headers={"x-name": HOSTILE})
        page = asked.client.get(PATH)
        data = asked.client.get(PATH + "requests/1")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert HOSTILE not in page.text
    assert HOSTILE in data.json()["response_body"]["text"]
    assert data.headers["content-type"] == "application/json"


def test_the_page_makes_no_html_out_of_what_it_shows() -> None:
    with behind(echo) as asked:
        script = asked.client.get(PATH + "script.js").text
        page = asked.client.get(PATH).text
    assert not re.search(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval|Function\(|DOMParser", script)
    assert not re.search(r"https?://", page + script)
    assert "style=" not in page


def test_requests_to_the_inspector_are_not_recorded_and_do_not_reach_the_app() -> None:
    with behind(echo) as asked:
        assert "taken" not in asked.client.get(PATH + "elsewhere").text
        assert asked.list() == []
        assert "taken" in asked.client.get("/_bridges").text
        assert len(asked.list()) == 1


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"{", "Expecting"),
        (b"[]", "a JSON object"),
        (b'{"api": "soap"}', "there is no API 'soap'"),
        (b'{"invocation": 7}', "no such invocation"),
        (b'{"invocation": -1}', "no such invocation"),
        (b'{"invocation": null}', "int"),
        (b'{"api": "%s"}' % (b"x" * 20_000), "Unterminated"),
    ],
)
def test_a_replay_that_cannot_be_says_why(body: bytes, said: str) -> None:
    with behind(echo) as asked:
        asked.client.get("/")
        answer = asked.client.post(f"{PATH}requests/1/replay", content=body, headers=OWN)
    assert answer.status_code == 400
    assert said in answer.json()["message"]


@pytest.mark.parametrize("path", ["requests/7/replay", "requests/x/replay", "requests/1", "elsewhere"])
def test_a_replay_of_nothing(path: str) -> None:
    with behind(echo) as asked:
        asked.client.get("/")
        assert asked.client.post(PATH + path, headers=OWN).status_code == 404
