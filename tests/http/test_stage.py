import pytest

from bridge._http import url

API = "abc.execute-api.eu-central-1.amazonaws.com"
OWN = "api.example.com"


@pytest.mark.parametrize("name", [None, "", "$default"])
def test_http_api_without_a_named_stage_has_its_path_as_it_is(name: str | None) -> None:
    for path in ("/prod/x", "/$default/x"):
        assert url.http_api_stage(path, path.encode(), name, API) == (path, path.encode(), "")


@pytest.mark.parametrize("path", ["/prod", "/prod/", "/prod/x"])
def test_http_api_has_the_stage_as_root_path_where_the_clients_url_has_it(path: str) -> None:
    assert url.http_api_stage(path, path.encode(), "prod", API) == (path, path.encode(), "/prod")


@pytest.mark.parametrize(
    ("path", "rest"), [("/prod", "/"), ("/prod/", "/"), ("/prod/x", "/x"), ("/prod/prod", "/prod")]
)
@pytest.mark.parametrize("domain", [OWN, "", None])
def test_http_api_loses_the_stage_where_the_clients_url_has_none(path: str, rest: str, domain: str | None) -> None:
    assert url.http_api_stage(path, path.encode(), "prod", domain) == (rest, rest.encode(), "")


@pytest.mark.parametrize("domain", [API, OWN])
@pytest.mark.parametrize("path", ["/", "/x", "/production", "/product/x", "prod"])
def test_http_api_keeps_a_path_that_does_not_start_with_the_stage(path: str, domain: str) -> None:
    assert url.http_api_stage(path, path.encode(), "prod", domain) == (path, path.encode(), "")


@pytest.mark.parametrize("path", ["/", "/x", "/x/", "/production", "/prod", "/prod/x"])
def test_rest_api_has_the_stage_put_in_front_where_the_clients_url_has_it(path: str) -> None:
    expected = ("/prod" + path, b"/prod" + path.encode(), "/prod")
    assert url.rest_api_stage(path, path.encode(), "prod", API, "/prod" + path) == expected


@pytest.mark.parametrize("stage", ["prod", "X"])
@pytest.mark.parametrize("path", ["/x", "/{}/x", "/{}/{}/x"])
def test_rest_api_may_lose_a_double_slash_and_has_its_stage_all_the_same(stage: str, path: str) -> None:
    path, prefix = path.format(stage, stage), f"/{stage}"
    whole = prefix + path
    assert url.rest_api_stage(path, path.encode(), stage, API, f"{prefix}/{path}") == (whole, whole.encode(), prefix)


@pytest.mark.parametrize("full", ["/shop/x", "/prod/x", None])
@pytest.mark.parametrize("domain", [OWN, None])
def test_rest_api_on_a_custom_domain_has_no_stage(full: str | None, domain: str | None) -> None:
    assert url.rest_api_stage("/shop/x", b"/shop/x", "prod", domain, full) == ("/shop/x", b"/shop/x", "")


def test_rest_api_whose_full_path_has_no_stage_has_none() -> None:
    assert url.rest_api_stage("/x", b"/x", "prod", API, "/x") == ("/x", b"/x", "")


@pytest.mark.parametrize("full", [None, ""])
def test_rest_api_that_does_not_say_its_full_path_has_the_stage_where_the_domain_says_so(full: str | None) -> None:
    assert url.rest_api_stage("/x", b"/x", "prod", API, full) == ("/prod/x", b"/prod/x", "/prod")


def test_rest_api_whose_path_has_the_stage_already_gets_no_second_one() -> None:
    assert url.rest_api_stage("/prod/x", b"/prod/x", "prod", API, "/prod/x") == ("/prod/x", b"/prod/x", "")


@pytest.mark.parametrize("name", [None, ""])
def test_rest_api_without_a_stage_name_has_none(name: str | None) -> None:
    assert url.rest_api_stage("/x", b"/x", name, API, "/prod/x") == ("/x", b"/x", "")
