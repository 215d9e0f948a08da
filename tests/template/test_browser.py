"""A page of a served template, in a browser: it asks another API of the template, and talks over WebSockets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bridge.gateway import Template

from ..examples.browser import CHROMIUM, Browser, Page, browsing

DESK = Path(__file__).parent / "templates" / "desk" / "template.yaml"
PAGE = "/books/page"

pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no Chromium at {CHROMIUM}")


@pytest.fixture(scope="module")
def apis() -> Iterator[dict[str, str]]:
    with Template(DESK).serving() as served:
        yield served


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browsing(tmp_path_factory.mktemp("browser")) as browser:
        yield browser


def fetched(page: Page, url: str, authorization: str, **headers: str) -> Any:
    """Return status and JSON of what the page's script gets, or the error that it gets instead."""
    options = json.dumps({"headers": {"authorization": authorization, **headers}, "credentials": "include"})
    answer = "async answer => [answer.status, await answer.json()]"
    return page.value(f"fetch({json.dumps(url)}, {options}).then({answer}, error => error.name)")


def test_a_page_asks_another_api_of_the_template_once_a_preflight_has_let_it(
    apis: dict[str, str], browser: Browser, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "bridge.gateway")
    with browser.page(apis["LibraryApi"] + PAGE) as page:
        assert page.value("document.title") == "Books"
        status, answer = fetched(page, apis["ShopApi"] + "/items/42", "alice")
        assert (status, answer["event"]["pathParameters"]) == (200, {"id": "42"})
        assert answer["event"]["headers"]["origin"] == apis["LibraryApi"].removesuffix("/prod")
        assert answer["event"]["requestContext"]["authorizer"]["lambda"]["name"] == "alice"
        # A denial has the API's CORS headers, so that the page can read it.
        assert fetched(page, apis["ShopApi"] + "/items/42", "bob") == [403, {"message": "Forbidden"}]
        assert fetched(page, apis["ShopApi"] + "/items/42", "alice", **{"x-unheard": "1"}) == "TypeError"
    asked = [message.rsplit(" ", 2)[0] for message in caplog.messages if message.startswith("ShopApi ")]
    assert asked == [
        "ShopApi OPTIONS /items/42 204",
        "ShopApi GET /items/42 200",
        "ShopApi GET /items/42 403",  # the browser has kept the preflight's answer, as MaxAge lets it
        "ShopApi OPTIONS /items/42 204",
    ]


def test_a_page_from_an_origin_that_the_api_does_not_list_gets_nothing(apis: dict[str, str], browser: Browser) -> None:
    elsewhere = apis["LibraryApi"].replace("127.0.0.1", "localhost")
    with browser.page(elsewhere + PAGE) as page:
        assert page.value("document.title") == "Books"
        assert fetched(page, apis["ShopApi"] + "/items/42", "alice") == "TypeError"


def test_a_page_talks_over_a_web_socket(apis: dict[str, str], browser: Browser) -> None:
    script = """
        new Promise((resolve, reject) => {
            const socket = new WebSocket(URL);
            socket.onopen = () => socket.send(JSON.stringify({action: "shout", text: "tea"}));
            socket.onmessage = message => { socket.close(); resolve(message.data); };
            socket.onerror = () => resolve("refused");
        })
    """
    with browser.page(apis["LibraryApi"] + PAGE) as page:
        said = page.value(script.replace("URL", json.dumps(apis["ChatApi"])))
        assert json.loads(said) == {"said": "TEA", "api": "chatapi", "route": "shout"}
        assert page.value(script.replace("URL", json.dumps(apis["ChatApi"] + "?refuse=1"))) == "refused"
