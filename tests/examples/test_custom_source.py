import json
import re
import subprocess
import sys
from pathlib import Path

from examples.custom_source import app as example

from ..frameworks.client import Client
from ..frameworks.events import HTTP_V2
from ..targets import CLIENT, YANDEX, Sent

FOLDER = Path(example.__file__).parent
PAGE = FOLDER.parents[1] / "docs" / "custom-sources.md"


def test_the_app_answers_that_gateway() -> None:
    answer = YANDEX.answer(example.handler(YANDEX.event(Sent(path="/hello/caf%C3%A9", query="tag=a&tag=b"))))
    assert answer.status == 200
    assert json.loads(answer.body) == {"hello": "café", "tags": ["a", "b"], "client": CLIENT}


def test_the_app_answers_aws_as_before() -> None:
    assert Client(example.handler, HTTP_V2).get("/hello/you").json == {"hello": "you", "tags": [], "client": CLIENT}


def test_without_the_source_the_event_is_none_of_aws() -> None:
    from bridge.sources import detect

    event = YANDEX.event(Sent(path="/hello/you"))
    assert event["path"] == "/{proxy+}"
    assert detect(event) is None


def test_the_page_shows_the_source_as_it_is() -> None:
    """But for the annotations."""
    code = Path(example.__file__).read_text(encoding="utf-8")
    shown = code[code.index("class YandexApiGateway") : code.index("\n\n\napp = ")]
    plain = re.sub(r": (Any|dict\[str, Any\]|int|str|bool|ResponseHeaders)(?=[,)\n])| -> [^:]+(?=:)", "", shown)
    plain = re.sub(r"\(\n\s+(self, .+?)\n\s+\)", r"(\1)", plain)
    assert plain in PAGE.read_text(encoding="utf-8")


def test_the_folder_is_the_function_s_code_root() -> None:
    event = YANDEX.event(Sent(path="/hello/you"))
    code = f"from app import handler; print(handler({event!r}, None)['statusCode'])"
    finished = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], cwd=FOLDER, capture_output=True, text=True, check=True
    )
    assert (finished.stdout, finished.stderr) == ("200\n", "")
