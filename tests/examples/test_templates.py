"""The examples, as their pages say: the templates have no faults, and the local gateway answers what a page shows."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import yaml

from bridge import EventError
from bridge._command.cli import main
from bridge.gateway._permission import allows, statement
from bridge.gateway._source_arn import execute_api, resources

from ..frameworks.events import HTTP_V2
from ..gateway.serving import ROOT, serving
from ..runtime.rie import emulator, missing
from ..samples import sample
from .browser import CHROMIUM, browsing

EXAMPLES = ROOT / "examples"
TEMPLATES = sorted(EXAMPLES.glob("*/template.yaml"))
SCRIPTS = sorted(EXAMPLES.glob("*/*.sh"))
API = EXAMPLES / "http_api"
CFN_LINT = Path(sys.executable).with_name("cfn-lint")


class Shown(NamedTuple):
    """What a page has: a command that serves, a curl command, and what the latter prints."""

    folder: Path
    serve: list[str]
    curl: str
    kind: str
    answer: str


def shown() -> Iterator[Shown]:
    fence = re.compile(r"```(\w+)\n(.*?)```", re.DOTALL)
    for page in sorted(EXAMPLES.glob("*/README.md")):
        serve: list[str] = []
        blocks = fence.findall(page.read_text("utf-8"))
        for (_, text), (kind, answer) in zip(blocks, [*blocks[1:], ("", "")], strict=True):
            if found := re.search(r"bridge serve (.*)", text):
                serve = shlex.split(found[1])
            if text.startswith("curl ") and serve and kind in ("json", "http"):
                yield Shown(page.parent, serve, text.strip(), kind, answer)


SHOWN = list(shown())


def curl(command: str, url: str) -> httpx.Response:
    """What curl would get, from a server that listens elsewhere."""
    *options, target = shlex.split(command)[1:]
    assert set(options) <= {"-i"}
    return httpx.get(re.sub(r"http://127\.0\.0\.1:8000", re.match(r"http://[^/]+", url)[0], target))  # type: ignore[index]


def test_every_new_example_has_a_page_that_is_tried() -> None:
    assert {"alb", "container", "http_api", "lattice", "rest_api"} <= {each.folder.name for each in SHOWN}


DOORS = {
    "alb": {"alb"},
    "chat": {"http", "websocket"},
    "container": {"http"},
    "custom_integration": set(),
    "http_api": {"http"},
    "lattice": {"lattice"},
    "rest_api": {"rest"},
    "token_stream": {"url"},
}
"""By what a template's requests come in; a custom integration's have a form of its own.

`fastapi_app` and `flask_app` are there to be tried behind every API.
"""

SENT = {
    "alb": "alb",
    "http": "http_api",
    "lattice": "lattice_2",
    "rest": "rest",
    "url": "function_url",
    "websocket": "other_websocket_connect",
}


def test_every_template_s_doors_are_known() -> None:
    assert DOORS.keys() | {"fastapi_app", "flask_app"} == {template.parent.name for template in TEMPLATES}


@pytest.mark.parametrize("sender", SENT)
@pytest.mark.parametrize("name", DOORS)
def test_an_example_s_function_takes_what_comes_by_its_template_s_doors_and_nothing_else(
    name: str, sender: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(EXAMPLES / name)
    handler = import_module(f"examples.{name}.app").handler
    event = sample(SENT[sender])
    if sender in DOORS[name]:
        assert handler(event)["statusCode"] < 500
    else:
        with pytest.raises(EventError):
            handler(event)


@pytest.mark.parametrize("example", SHOWN, ids=lambda example: f"{example.folder.name}: {example.curl}")
def test_the_local_gateway_answers_what_the_page_shows(example: Shown) -> None:
    with serving(*example.serve, cwd=example.folder) as server:
        answer = curl(example.curl, server.url)
    if example.kind == "json":
        assert answer.status_code == 200
        assert answer.json() == json.loads(example.answer)
        return
    head, _, body = example.answer.partition("\n\n")
    status, *lines = head.splitlines()
    assert str(answer.status_code) == status.split()[1]
    assert [answer.headers[line.partition(": ")[0]] for line in lines] == [line.partition(": ")[2] for line in lines]
    assert answer.text.strip() == body.strip()


def test_a_word_arrives_long_before_the_answer_is_complete() -> None:
    folder = EXAMPLES / "token_stream"
    page = (folder / "README.md").read_text("utf-8")
    arguments = shlex.split(re.search(r"bridge serve (.*)", page)[1])  # type: ignore[index]
    with serving(*arguments, cwd=folder, TOKEN_PAUSE="600") as server:
        home = httpx.get(server.url)
        assert "<title>Token stream</title>" in home.text
        with httpx.stream("GET", f"{server.url}answer", params={"question": "Well?"}) as answer:
            assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
            assert next(answer.iter_text()) == 'data: {"token": "You "}\n\n'
        server.process.kill()  # it would wait for the ten minutes to pass
        server.process.wait()
    with serving(*arguments, cwd=folder, TOKEN_PAUSE="0") as server:
        text = httpx.get(f"{server.url}answer", params={"question": "Well?"}).text
    assert text.endswith('data: {"token": "made. "}\n\nevent: done\ndata: {}\n\n')
    assert "".join(re.findall(r'"token": "(.*?)"', text)).startswith("You have asked: Well? I only repeat it")


@pytest.mark.skipif(not CHROMIUM.exists(), reason=f"there is no Chromium at {CHROMIUM}")
def test_the_page_shows_a_word_when_it_comes(tmp_path: Path) -> None:
    with (
        serving(
            "app:handler", "--api", "url", "--streaming", cwd=EXAMPLES / "token_stream", TOKEN_PAUSE="600"
        ) as server,
        browsing(tmp_path / "profile") as browser,
        browser.page(server.url) as page,
    ):
        page.type("input", "Well?")
        page.value("document.querySelector('button').click()")
        page.wait_for("document.querySelector('p').textContent === 'You '")
        assert page.value("document.querySelector('button').disabled")
        server.process.kill()
        server.process.wait()
        page.wait_for("!document.querySelector('button').disabled")


def test_cfn_lint_finds_no_fault_in_the_templates() -> None:
    assert len(TEMPLATES) > 8
    done = subprocess.run([CFN_LINT, *TEMPLATES], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


class Loader(yaml.SafeLoader):
    """YAML of CloudFormation: `!Sub x` is x."""


Loader.add_multi_constructor("!", lambda loader, _, node: loader.construct_scalar(node))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda template: template.parent.name)
def test_a_template_s_function_is_there_and_made_as_the_page_says(template: Path) -> None:
    loaded = yaml.load(template.read_text("utf-8"), Loader)
    (function,) = [each for each in loaded["Resources"].values() if each["Type"] == "AWS::Serverless::Function"]
    properties = function["Properties"]
    page = (template.parent / "README.md").read_text("utf-8")
    if properties.get("PackageType") == "Image":
        assert (template.parent / function["Metadata"]["Dockerfile"]).exists()
        return
    module, _, name = properties["Handler"].partition(".")
    assert re.search(rf"^{name} = Bridge\(", (template.parent / f"{module}.py").read_text("utf-8"), re.MULTILINE)
    version, architecture = properties["Runtime"].removeprefix("python"), properties["Architectures"][0]
    made = f"python -m bridge package . --python {version} --arch {architecture} -o {properties['CodeUri']}"
    script = template.parent / "deploy.sh"
    assert made in (script.read_text("utf-8") if script.exists() else page)


@pytest.mark.parametrize(
    ("example", "own"),
    [
        ("token_stream", {"app.py", "page.html", "runtime.sh"}),
        ("chat", {"app.py", "page.html"}),
        ("http_api", {"app.py"}),
    ],
)
def test_the_zip_has_the_files_that_the_function_reads(example: str, own: set[str], tmp_path: Path) -> None:
    folder = shutil.copytree(EXAMPLES / example, tmp_path / "example", ignore=shutil.ignore_patterns("__pycache__"))
    (tmp_path / "none.txt").touch()  # what the requirements bring is for the tests of `bridge package`
    made = folder / "function.zip"
    for _ in range(2):  # the second zip has not the first in it
        assert main(["package", str(folder), "-r", str(tmp_path / "none.txt"), "-o", str(made)]) == 0
    with zipfile.ZipFile(made) as archive:
        modes = {info.filename: info.external_attr >> 16 & 0o777 for info in archive.infolist()}
    assert own == {name for name in modes if "/" not in name}
    assert [name for name, mode in modes.items() if mode == 0o755] == [name for name in own if name.endswith(".sh")]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: f"{script.parent.name}/{script.name}")
def test_a_script_can_be_run(script: Path) -> None:
    assert script.stat().st_mode & 0o111 == 0o111
    done = subprocess.run(["bash", "-n", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_script_that_tests_the_rest_api_tells_right_from_wrong() -> None:
    folder = EXAMPLES / "rest_api"
    with serving("app:handler", "--api", "rest", "--stage", "prod", cwd=folder) as server:
        right, wrong = (
            subprocess.run(["bash", folder / "test.sh", url], capture_output=True, text=True, check=False)
            for url in (server.url, server.url + "/nowhere")
        )
    assert (right.returncode, right.stderr) == (0, "")
    assert "/pixel.png: 200 image/png" in right.stdout
    assert (wrong.returncode, wrong.stderr) == (1, "/: expected 200 application/json, got 404 application/json\n")


def test_the_script_that_invokes_the_function_has_an_event_for_it(tmp_path: Path) -> None:
    folder = EXAMPLES / "rest_api"
    made = re.search(r"python -m (bridge event .*) > event\.json", (folder / "invoke.sh").read_text("utf-8"))
    assert made
    commands = [shlex.split(made[1]), ["bridge", "invoke", "app:handler", "-"]]
    output = ""
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", *command], cwd=folder, input=output, capture_output=True, text=True, check=True
        )
        output = done.stdout
    assert json.loads(json.loads(output)["body"]) == {"number": "1", "name": "Ada"}


@contextmanager
def in_image(dockerfile: str, log: Path) -> Iterator[Any]:
    """What an image's last lines start, under Lambda's emulator."""
    text = (EXAMPLES / "container" / dockerfile).read_text("utf-8")
    words = [word for line in re.findall(r"^(?:ENTRYPOINT|CMD) (.*)", text, re.MULTILINE) for word in json.loads(line)]
    module = words[words.index("-m") + 1] if "-m" in words else "awslambdaric"
    with emulator(module, words[-1], EXAMPLES / "container", log, AWS_LAMBDA_FUNCTION_NAME="container") as running:
        yield running


@pytest.mark.skipif(bool(missing()), reason=missing())
@pytest.mark.parametrize("dockerfile", ["Dockerfile", "Dockerfile.bridge"])
def test_both_images_start_what_answers(dockerfile: str, tmp_path: Path) -> None:
    with in_image(dockerfile, tmp_path / "log") as running:
        assert running.invoke(HTTP_V2.event("POST", "/jobs/one"))["statusCode"] == 202
        result = running.invoke(HTTP_V2.event("GET", "/"))
    assert json.loads(result["body"]) == {"done": ["one"]}


@pytest.mark.skipif(shutil.which("terraform") is None, reason="terraform is not installed")
def test_terraform_can_read_its_file() -> None:
    done = subprocess.run(
        ["terraform", f"-chdir={API / 'terraform'}", "fmt", "-check", "-diff"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")


def test_terraform_s_permission_lets_its_route_in() -> None:
    text = (API / "terraform/main.tf").read_text("utf-8")
    made = {
        kind: dict(re.findall(r"^  (\w+) += (.*?)(?: #.*)?$", body, re.MULTILINE))
        for kind, body in re.findall(r'^resource "(\w+)" "\w+" {\n(.*?)^}', text, re.MULTILINE | re.DOTALL)
    }
    arn = execute_api("eu-west-1", "123456789012", "a1b2c3")
    permission = {name: value.strip('"') for name, value in made["aws_lambda_permission"].items()}
    policy = statement(
        {
            "Action": permission["action"],
            "Principal": permission["principal"],
            "SourceArn": permission["source_arn"].replace("${aws_apigatewayv2_api.api.execution_arn}", arn),
        }
    )
    stage, route = json.loads(made["aws_apigatewayv2_stage"]["name"]), made["aws_apigatewayv2_route"]["route_key"]
    (source,) = resources("http", arn, stage, json.loads(route))
    principal = "apigateway.amazonaws.com"
    assert allows(policy, source_arn=source, source_account="123456789012", principal=principal)
    function = {name: value for name, value in made["aws_lambda_function"].items() if name in ("runtime", "handler")}
    assert function == {"runtime": '"python3.13"', "handler": '"app.handler"'}
    assert made["aws_lambda_function"]["architectures"] == '["arm64"]'
    assert "--python 3.13 --arch arm64" in (API / "terraform/README.md").read_text("utf-8")


def test_serverless_s_function_is_the_one_of_the_zip() -> None:
    loaded = yaml.safe_load((API / "serverless/serverless.yml").read_text("utf-8"))
    assert [function["handler"] for function in loaded["functions"].values()] == ["app.handler"]
    version, architecture = loaded["provider"]["runtime"].removeprefix("python"), loaded["provider"]["architecture"]
    page = (API / "serverless/README.md").read_text("utf-8")
    made = f"python -m bridge package .. --python {version} --arch {architecture} -o {loaded['package']['artifact']}"
    assert made in page


def test_cdk_makes_a_template_without_faults(tmp_path: Path) -> None:
    pytest.importorskip("aws_cdk", reason="aws-cdk-lib has 428 MB and needs Node.js: it is in no group")
    (tmp_path / "function.zip").write_bytes(b"PK\5\6" + bytes(18))
    (tmp_path / "cdk").mkdir()
    script = tmp_path / "cdk" / "app.py"
    script.write_bytes((API / "cdk/app.py").read_bytes())
    subprocess.run([sys.executable, script], env={"CDK_OUTDIR": str(tmp_path / "out")}, check=True)
    (template,) = (tmp_path / "out").glob("*.template.json")
    done = subprocess.run(
        [CFN_LINT, "--ignore-checks", "W3005", "--", template],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, "")
