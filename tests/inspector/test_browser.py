"""The inspector in a real browser."""

from collections.abc import Iterator

import httpx
import pytest

from ..gateway.serving import serving
from .browser import CHROMIUM, Page, browsing

HOSTILE = "<img src=x onerror=\"document.title='taken'\"><script>document.title='taken'</script>"

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium, which is not installed")

UNNAMED = """
[...document.querySelectorAll('button, select, input, pre')]
    .filter((each) => !(each.ariaLabel || (each.labels && each.labels.length) || each.textContent)).length
"""


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """The inspector's page, with one request that was written by somebody bad."""
    with serving("tests.inspector.mirror:handler", "--inspect") as server, browsing() as page:
        page.open(server.wait_for(r"inspector: http\S+").removeprefix("inspector: "))
        page.wait_for("document.getElementById('target').textContent")
        httpx.post(server.url + "tea?q=" + HOSTILE, headers={"x-name": HOSTILE}, content=HOSTILE)
        page.wait_for("document.querySelector('#requests a')")
        yield page
        assert page.messages == []


def choose(page: Page, number: int) -> None:
    page.value(f"location.hash = '{number}'")
    page.wait_for(f"document.getElementById('detail').dataset.number === '{number}'")


def click(page: Page, text: str) -> None:
    page.value(f"[...document.querySelectorAll('button')].find((each) => each.textContent === '{text}').click()")


def test_a_request_is_chosen_by_the_keyboard_and_shows_what_a_client_wrote_as_text(page: Page) -> None:
    page.wait_for("document.querySelector('#requests a:last-child').textContent.includes('200')")
    line = page.value("document.querySelector('#requests a:last-child').textContent")
    assert "POST /tea" in line
    page.value("document.querySelector('#requests a').focus()")
    page.press("Enter")
    page.wait_for("document.querySelector('#detail h2')")
    text = page.value("document.getElementById('detail').textContent")
    assert text.count(HOSTILE) >= 4  # header and body of the request, the response, the log
    assert page.value("document.querySelectorAll('img, body script').length") == 0
    assert page.value("document.title") == "Bridge inspector"


def test_a_request_is_sent_again_through_another_api(page: Page) -> None:
    choose(page, 1)
    page.value("document.querySelector('select').value = 'rest'")
    click(page, "Replay")
    page.wait_for("location.hash !== '#1'")
    page.wait_for("document.querySelector('pre[aria-label=Event]').textContent.includes('httpMethod')")


@pytest.mark.parametrize(
    ("title", "start"), [("curl", "curl"), ("bridge event", "python -m bridge event"), ("pytest", "from starlette")]
)
def test_a_request_is_copied(page: Page, title: str, start: str) -> None:
    choose(page, 1)
    click(page, title)
    copied = page.wait_for(f"document.querySelector('#snippet pre[aria-label=\"{title}\"]').textContent")
    assert copied.startswith(start)


def test_everything_has_a_name_and_is_reached_by_the_keyboard(page: Page) -> None:
    choose(page, 1)
    assert page.value(UNNAMED) == 0
    page.value("document.activeElement.blur()")
    reached = set()
    for _ in range(40):
        page.press("Tab")
        reached.add(page.value("document.activeElement.tagName"))
    assert {"A", "BUTTON", "SELECT", "INPUT", "PRE", "SUMMARY"} <= reached


@pytest.mark.parametrize(("scheme", "colour"), [("light", "rgb(246, 247, 249)"), ("dark", "rgb(20, 23, 29)")])
def test_it_fits_a_narrow_window_in_both_colour_schemes(page: Page, scheme: str, colour: str) -> None:
    choose(page, 1)
    page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    page.call("Emulation.setDeviceMetricsOverride", width=340, height=700, deviceScaleFactor=1, mobile=False)
    assert page.value("document.documentElement.scrollWidth") <= 340
    assert page.value("getComputedStyle(document.body).backgroundColor") == colour


def test_the_list_is_filtered(page: Page) -> None:
    choose(page, 1)
    click(page, "Replay")
    page.wait_for("location.hash !== '#1'")
    page.value("document.getElementById('filter').value = 'replay'")
    page.value("document.getElementById('filter').dispatchEvent(new Event('input'))")
    assert "POST /tea" in page.value("document.querySelector('#requests').textContent")
    assert "#1" not in page.value("[...document.querySelectorAll('#requests a')].map((a) => a.getAttribute('href'))")
    page.value("document.getElementById('filter').value = ''")
    page.value("document.getElementById('filter').dispatchEvent(new Event('input'))")
