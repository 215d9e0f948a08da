"""Events as the two templates make them."""

import json
from typing import Any
from urllib.parse import parse_qsl, unquote

import pytest
from hypothesis import given, strategies as st

from bridge.sources import _templates as templates

from ..samples import HTTP, OTHER, named, sample

API = "a1b2c3d4e5.execute-api.eu-central-1.amazonaws.com"
CLIENT = "203.0.113.7"
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
    max_leaves=10,
)


def passthrough(
    *,
    method: str = "POST",
    resource: str = "/items",
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: object = None,
    stage: str = "prod",
) -> dict[str, Any]:
    """As API Gateway's template makes it, with all its keys."""
    return {
        "body-json": body,
        "params": {"path": path or {}, "querystring": query or {}, "header": headers or {}},
        "stage-variables": {},
        "context": {
            "account-id": "",
            "api-id": "a1b2c3d4e5",
            "api-key": "",
            "authorizer-principal-id": "",
            "caller": "",
            "cognito-authentication-provider": "",
            "cognito-authentication-type": "",
            "cognito-identity-id": "",
            "cognito-identity-pool-id": "",
            "http-method": method,
            "stage": stage,
            "source-ip": CLIENT,
            "user": "",
            "user-agent": "probe/1.0",
            "user-arn": "",
            "request-id": "e5849002-39a0-11e7-a419-5bb5807c9fb2",
            "resource-id": "ab12cd",
            "resource-path": resource,
        },
    }


def serverless(
    *,
    method: str = "POST",
    resource: str = "/items",
    path: dict[str, str] | None = None,
    query: dict[str, str] | None = None,
    headers: dict[str, str] | None = None,
    body: object = None,
    stage: str = "prod",
) -> dict[str, Any]:
    """As the Serverless Framework's template makes it, with all its keys."""
    return {
        "body": body,
        "method": method,
        "principalId": "",
        "stage": stage,
        "cognitoPoolClaims": {"sub": ""},
        "enhancedAuthContext": {},
        "headers": headers or {},
        "query": query or {},
        "path": path or {},
        "identity": {"sourceIp": CLIENT, "userAgent": "probe/1.0"},
        "stageVariables": {},
        "requestPath": resource,
    }


FORMS = [(passthrough, templates.passthrough), (serverless, templates.serverless)]


@pytest.fixture(params=FORMS, ids=["passthrough", "serverless"])
def read(request: pytest.FixtureRequest) -> Any:
    """The fields of a request that went through a template."""
    make, of = request.param

    def fields(**given: Any) -> dict[str, Any]:
        return named(of(make(**given), "PUT", "/given"))

    return fields


def test_an_event_is_of_the_template_that_made_it() -> None:
    assert templates.is_passthrough(passthrough())
    assert templates.is_serverless(serverless())
    assert not templates.is_serverless(passthrough())
    assert not templates.is_passthrough(serverless())


def test_no_other_event_is_of_a_template() -> None:
    for name in (*HTTP, *OTHER):
        assert not templates.is_passthrough(sample(name)), name
        assert not templates.is_serverless(sample(name)), name


@pytest.mark.parametrize(
    "event", [None, "params context", ["params", "context"], 7, {}, {"params": 1, "context": {}}, {"params": {}}]
)
def test_json_of_any_kind_is_of_none(event: object) -> None:
    assert not templates.is_passthrough(event)
    assert not templates.is_serverless(event)


@pytest.mark.parametrize("key", ["method", "headers", "query", "path"])
def test_an_event_that_lacks_a_key_is_of_none(key: str) -> None:
    event = serverless()
    del event[key]
    assert not templates.is_serverless(event)


@pytest.mark.parametrize("key", ["stage", "requestPath"])
def test_an_event_with_another_type_of_value_is_of_none(key: str) -> None:
    assert not templates.is_serverless({**serverless(), key: 7})


def test_the_method_is_the_request_s(read: Any) -> None:
    assert read(method="PATCH")["method"] == "PATCH"


def test_the_client_is_whom_api_gateway_saw(read: Any) -> None:
    assert read(headers={"X-Forwarded-For": "198.51.100.66"})["client"] == (CLIENT, 0)


def test_what_the_templates_leave_out_is_given() -> None:
    bare = named(templates.passthrough({"params": {}, "context": {}}, "PUT", "/given"))
    assert (bare["method"], bare["path"], bare["client"], bare["body"]) == ("PUT", "/given", None, None)
    bare = named(
        templates.serverless({"method": "", "headers": {}, "query": {}, "path": {}, "identity": None}, "PUT", "/given")
    )
    assert (bare["method"], bare["path"], bare["client"], bare["body"]) == ("PUT", "/given", None, None)


class TestPath:
    @pytest.mark.parametrize(
        ("resource", "values", "raw"),
        [
            ("/", {}, b"/"),
            ("/items", {}, b"/items"),
            ("/items/{id}", {"id": "7"}, b"/items/7"),
            ("/{a}/x/{b}", {"a": "1", "b": "2"}, b"/1/x/2"),
            ("/{a}{b}", {"a": "{b}", "b": "2"}, b"/%7Bb%7D2"),
            ("/{proxy+}", {"proxy": "a/b//c/"}, b"/a/b//c/"),
            ("/x/{rest+}", {"rest": "a%2Fb/c"}, b"/x/a%2Fb/c"),
            ("/items/{id}", {"id": "caf%C3%A9"}, b"/items/caf%C3%A9"),
            ("/items/{id}", {"id": "caf%c3%a9"}, b"/items/caf%c3%a9"),
            ("/items/{id}", {"id": "a b?c#d"}, b"/items/a%20b%3Fc%23d"),
            ("/items/{id}", {"id": "a/b"}, b"/items/a%2Fb"),
            ("/items/{id}", {"id": "100%"}, b"/items/100%25"),
            ("/items/{id}", {"id": "é"}, b"/items/%C3%A9"),
            ("/items/{id}", {"id": "\ud800"}, b"/items/%3F"),
            ("/items/{id}", {"id": "1,2;v=@:$&'()*+!~"}, b"/items/1,2;v=@:$&'()*+!~"),
            ("/items/{id}", {}, b"/items/"),
        ],
    )
    def test_is_the_resource_s_with_its_parameters_filled_in(
        self, read: Any, resource: str, values: dict[str, str], raw: bytes
    ) -> None:
        fields = read(resource=resource, path=values)
        assert fields["raw_path"] == raw
        assert fields["path"] == unquote(raw.decode())

    @given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
    @pytest.mark.parametrize(("make", "of"), FORMS)
    def test_has_no_more_segments_than_the_resource(self, make: Any, of: Any, value: str) -> None:
        raw = named(of(make(resource="/items/{id}/x", path={"id": value}), "GET", "/"))["raw_path"]
        assert raw.isascii()
        assert raw.startswith(b"/items/")
        assert raw.count(b"/") == 3
        assert raw.endswith(b"/x")
        assert not set(raw) & set(b"?# ")

    def test_has_the_stage_in_front_where_the_url_has_it(self, read: Any) -> None:
        fields = read(headers={"Host": API})
        assert (fields["root_path"], fields["path"], fields["raw_path"]) == ("/prod", "/prod/items", b"/prod/items")

    def test_has_the_stage_that_the_host_as_api_gateway_spells_it_has(self, read: Any) -> None:
        assert read(headers={"HOST": "a.example", "host": "b.example", "Host": API})["root_path"] == "/prod"

    @pytest.mark.parametrize("headers", [{"Host": "api.example.com"}, {"host": "api.example.com"}, {}])
    def test_has_no_stage_on_a_custom_domain(self, read: Any, headers: dict[str, str]) -> None:
        fields = read(headers=headers)
        assert (fields["root_path"], fields["path"]) == ("", "/items")


class TestQuery:
    @given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.just("ü&=+ ")))
    @pytest.mark.parametrize(("make", "of"), FORMS)
    def test_means_what_the_template_had(self, make: Any, of: Any, query: dict[str, str]) -> None:
        made = named(of(make(query=query), "GET", "/"))["query"]
        assert dict(parse_qsl(made, keep_blank_values=True)) == query

    def test_may_be_none(self, read: Any) -> None:
        assert read()["query"] == ""


class TestHeaders:
    def test_arrive(self, read: Any) -> None:
        fields = read(method="GET", body={}, headers={"Host": API, "X-Probe": "1", "Cookie": "a=1; b=2"})
        assert fields["headers"] == [("Host", API), ("X-Probe", "1"), ("Cookie", "a=1; b=2")]
        assert (fields["host"], fields["scheme"]) == (API, "https")

    @pytest.mark.parametrize("name", ["Content-Length", "content-encoding", "TRANSFER-ENCODING", "Content-MD5"])
    def test_that_describe_the_client_s_bytes_do_not(self, read: Any, name: str) -> None:
        fields = read(headers={name: "gzip"}, body=[1])
        assert [header for header, _ in fields["headers"]] == ["Content-Type"]


class TestBody:
    @given(JSON)
    @pytest.mark.parametrize(("make", "of"), FORMS)
    def test_is_the_json_it_was(self, make: Any, of: Any, value: object) -> None:
        fields = named(of(make(body=value), "GET", "/"))
        assert json.loads(fields["body"]) == value
        assert fields["is_base64"] is False
        assert ("Content-Type", "application/json") in fields["headers"]

    @pytest.mark.parametrize("content_type", ["application/json; charset=utf-8", "application/problem+JSON; v=1"])
    def test_of_json_keeps_its_type(self, read: Any, content_type: str) -> None:
        assert read(body=[1], headers={"content-type": content_type})["headers"] == [("Content-Type", content_type)]

    @pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "jsonp", ""])
    def test_of_another_type_is_json_now(self, read: Any, content_type: str) -> None:
        fields = read(body="text", headers={"Content-Type": content_type})
        assert (fields["body"], fields["headers"]) == ('"text"', [("Content-Type", "application/json")])

    def test_that_was_a_form_is_a_form(self, read: Any) -> None:
        headers = {"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
        fields = read(body={"a b": "ü&=", "c": ""}, headers=headers)
        assert fields["body"] == "a+b=%C3%BC%26%3D&c="
        assert fields["headers"] == [("Content-Type", "application/x-www-form-urlencoded")]

    @pytest.mark.parametrize("body", [["a"], {"a": 1}, "a=1"])
    def test_that_is_no_form_is_json_whatever_its_type_says(self, read: Any, body: object) -> None:
        fields = read(body=body, headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert fields["body"] == json.dumps(body)
        assert fields["headers"] == [("Content-Type", "application/json")]

    @pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "OPTIONS"])
    @pytest.mark.parametrize("nothing", [{}, "", None])
    def test_that_is_nothing_is_none_where_there_mostly_is_none(self, read: Any, method: str, nothing: object) -> None:
        fields = read(method=method, body=nothing)
        assert (fields["body"], fields["headers"]) == (None, [])

    @pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
    @pytest.mark.parametrize("nothing", [{}, "", None])
    def test_that_is_nothing_is_one_elsewhere(self, read: Any, method: str, nothing: object) -> None:
        assert read(method=method, body=nothing)["body"] == json.dumps(nothing)

    @pytest.mark.parametrize("something", [0, False, [], {"a": 1}])
    def test_that_is_something_is_one_everywhere(self, read: Any, something: object) -> None:
        assert read(method="DELETE", body=something)["body"] == json.dumps(something)


@pytest.mark.parametrize(("given", "expected"), [("abc", "abc"), ("", None), (None, None), ({"a": 1}, "{'a': 1}")])
def test_the_request_s_id_is_text(given: object, expected: str | None) -> None:
    event = passthrough()
    event["context"]["request-id"] = given
    assert templates.request_id(event) == expected
