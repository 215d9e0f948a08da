import pytest

from bridge.sources._client_request import ClientRequest, joined, last, multi

LINES = [("a", "1"), ("b", "2"), ("a", "3")]


@pytest.mark.parametrize(
    ("raw_path", "path"),
    [
        ("/a%20b", "/a b"),
        ("/a%2Fb", "/a/b"),
        ("/a%2541", "/a%41"),
        ("/a+b", "/a+b"),
        ("/%C3%A4", "/ä"),
        ("/%FF", "/\N{REPLACEMENT CHARACTER}"),
        ("/%zz", "/%zz"),
    ],
)
def test_path_is_decoded_once(raw_path: str, path: str) -> None:
    assert ClientRequest(method="GET", raw_path=raw_path).path == path


@pytest.mark.parametrize(("stage", "prefix"), [("$default", ""), ("prod", "/prod")])
def test_stage_prefix_is_what_the_stage_puts_in_front(stage: str, prefix: str) -> None:
    assert ClientRequest(method="GET", stage=stage).stage_prefix == prefix


@pytest.mark.parametrize(
    ("query_string", "query"),
    [
        ("", []),
        ("&", []),
        ("a", [("a", "")]),
        ("a=", [("a", "")]),
        ("a=1&a=2", [("a", "1"), ("a", "2")]),
        ("a=x+y&b=x%2By", [("a", "x y"), ("b", "x+y")]),
        ("%C3%A4=%F0%9F%90%8D", [("ä", "🐍")]),
        ("a=b=c;d", [("a", "b=c;d")]),
    ],
)
def test_query_is_decoded_as_a_form(query_string: str, query: list[tuple[str, str]]) -> None:
    assert ClientRequest(method="GET", query_string=query_string).query == query


def test_header_is_the_last_of_its_lines() -> None:
    call = ClientRequest(method="GET", headers=LINES)
    assert call.header("a") == "3"
    assert call.header("c") == ""


def test_user_agent_is_a_header() -> None:
    assert ClientRequest(method="GET", headers=[("user-agent", "curl/8")]).user_agent == "curl/8"
    assert ClientRequest(method="GET").user_agent == ""


def test_each_shape_of_repeated_names() -> None:
    assert last(LINES) == {"a": "3", "b": "2"}
    assert multi(LINES) == {"a": ["1", "3"], "b": ["2"]}
    assert joined(LINES, ",") == {"a": "1,3", "b": "2"}
