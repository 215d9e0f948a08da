"""A headless Chromium with pages of its own, driven over the DevTools protocol.

https://chromedevtools.github.io/devtools-protocol/
"""

import itertools
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from websockets.sync.client import ClientConnection, connect

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = [
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--remote-debugging-port=0"),
]
SECONDS = 20


class Page:
    """A tab.

    Args:
        devtools: the page's side of the protocol.
    """

    def __init__(self, devtools: ClientConnection) -> None:
        self._devtools = devtools
        self._numbers = itertools.count(1)

    def do(self, method: str, **parameters: Any) -> dict[str, Any]:
        """The result of a command; events that come before it are left out."""
        number = next(self._numbers)
        self._devtools.send(json.dumps({"id": number, "method": method, "params": parameters}))
        while (answer := json.loads(self._devtools.recv(timeout=SECONDS))).get("id") != number:
            pass
        assert "error" not in answer, answer
        result: dict[str, Any] = answer["result"]
        return result

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression; of a promise, when it has one."""
        answer = self.do("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        assert "exceptionDetails" not in answer, answer
        return answer["result"].get("value")

    def wait_for(self, condition: str) -> None:
        """Return when a JavaScript condition on the document has come true."""
        look = "() => { if (CONDITION) { observer.disconnect(); resolve(); } }".replace("CONDITION", condition)
        observe = "observe(document, {subtree: true, childList: true, characterData: true, attributes: true})"
        self.value(
            "new Promise(resolve => { let observer = {disconnect() {}};"
            f"const look = {look}; observer = new MutationObserver(look); observer.{observe}; look(); }})"
        )

    def type(self, selector: str, text: str) -> None:
        """Write into a field, in place of what is there."""
        self.value(f"document.querySelector({json.dumps(selector)}).select()")
        self.do("Input.insertText", text=text)


class Browser:
    """A running Chromium."""

    def __init__(self, url: str) -> None:
        self._url = url

    @contextmanager
    def page(self, url: str) -> Iterator[Page]:
        """A page that has been loaded, in a window of its own."""
        with connect(self._url) as devtools:
            target = Page(devtools).do("Target.createTarget", url="about:blank", newWindow=True)["targetId"]
        page_url = re.sub("/devtools/.*", f"/devtools/page/{target}", self._url)
        with connect(page_url, max_size=None) as devtools:
            page = Page(devtools)
            page.do("Page.enable")
            page.do("Page.navigate", url=url)
            while json.loads(devtools.recv(timeout=SECONDS)).get("method") != "Page.loadEventFired":
                pass
            yield page
            page.do("Page.close")


@contextmanager
def browsing(folder: Path) -> Iterator[Browser]:
    """A browser with a new profile.

    Args:
        folder: of the profile.
    """
    arguments = [str(CHROMIUM), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(arguments, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        try:
            lines = (re.match(r"DevTools listening on (ws://\S+)", line) for line in process.stderr)
            yield Browser(next(match[1] for match in lines if match))
        finally:
            process.terminate()
            process.stderr.read()
