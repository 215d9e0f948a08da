"""The pages on deploying: what they say of failures is what the gateway does, and their steps work."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from bridge.gateway._apis import ApiName, api

from .gateway.serving import serving

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
COLUMNS: tuple[ApiName, ...] = ("http", "rest", "url", "alb", "lattice", "edge")


def blocks(page: str, kind: str) -> list[str]:
    text = (DOCS / page).read_text("utf-8")
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)


def rows() -> dict[str, list[str]]:
    table = (DOCS / "errors.md").read_text("utf-8").partition("| what happens | HTTP API |")[2].partition("\n\n")[0]
    made = {}
    for line in table.splitlines()[2:]:
        label, *cells = (cell.strip() for cell in line.strip("|").split("|"))
        made[label.partition(":")[0]] = cells
    return made


@pytest.mark.parametrize(("column", "name"), list(enumerate(COLUMNS)), ids=COLUMNS)
def test_the_page_on_errors_says_what_the_gateway_does(column: int, name: ApiName) -> None:
    made, says = api(name), {label: cells[column] for label, cells in rows().items()}
    assert says["the function fails"] == str(made.failed[0])
    assert says["the API does not accept the result"] == str((made.refused or made.failed)[0])
    assert says["the API stops waiting"] == str(made.timed_out[0])
    assert says["how long the API waits, in seconds"] == f"{made.seconds:g}"
    assert says["the request is too large"] == str(made.too_large[0])
    assert says["there is no such stage"] == (str(made.unknown_stage[0]) if name in ("http", "rest") else "–")


def test_the_templates_on_the_pages_have_no_faults(tmp_path: Path) -> None:
    pages = ("deploy.md", "errors.md")
    found = [block for page in pages for block in blocks(page, "yaml") if block.startswith("Resources:")]
    assert len(found) > 3
    head = "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\n"
    head += "Globals: { Function: { CodeUri: function.zip, Handler: app.handler, Runtime: python3.13 } }\n"
    for number, block in enumerate(found):
        (tmp_path / f"{number}.yaml").write_text(head + block, "utf-8")
    lint = Path(sys.executable).with_name("cfn-lint")
    done = subprocess.run([lint, *tmp_path.iterdir()], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_workflow_gets_a_token_and_the_role_trusts_one_environment_only() -> None:
    (workflow,) = (yaml.load(block, yaml.BaseLoader) for block in blocks("deploy.md", "yaml") if "jobs:" in block)
    assert workflow["permissions"]["id-token"] == "write"
    job = workflow["jobs"]["deploy"]
    (policy,) = (json.loads(block) for block in blocks("deploy.md", "json"))
    (statement,) = policy["Statement"]
    subject = statement["Condition"]["StringEquals"]["token.actions.githubusercontent.com:sub"]
    assert subject == f"repo:example/shop:environment:{job['environment']}"
    assert "*" not in json.dumps(policy)
    runs = [step["run"] for step in job["steps"] if "run" in step]
    assert "python -m bridge package . --python 3.13 --arch arm64 -o function.zip" in runs


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Django project that has been taken through the page."""
    folder = tmp_path_factory.mktemp("project")
    start, collect, *_ = (block for block in blocks("django.md", "sh") if block.startswith("python "))
    run(start, folder)
    for block in blocks("django.md", "py"):
        if found := re.match(r"# (at the end of )?(mysite/\w+\.py)\n", block):
            with (folder / found[2]).open("a" if found[1] else "w", encoding="utf-8") as file:
                file.write(block)
    run(collect, folder)
    return folder


def run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    words = re.sub(r"\bpython\b", shlex.quote(sys.executable), command)
    return subprocess.run(words, shell=True, cwd=folder, capture_output=True, text=True, check=True)


def invoke(event: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bridge", "invoke", "mysite.handler:handler", "-"],
        input=json.dumps(event),
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_django_runs_commands_of_manage_py_inside_the_function(project: Path) -> None:
    (project / "db.sqlite3").unlink(missing_ok=True)
    (migrate,) = (block for block in blocks("django.md", "sh") if "bridge invoke" in block)
    assert "Applying auth.0001_initial... OK" in json.loads(run(migrate, project).stdout)
    unapplied = invoke({"manage": ["migrate", "--check"]}, project)
    assert (unapplied.returncode, json.loads(unapplied.stdout)) == (0, "")
    wrong = invoke({"manage": ["nonsense"]}, project)
    assert wrong.returncode != 0
    assert "Unknown command: 'nonsense'" in wrong.stderr
    other = invoke({"Records": []}, project)
    assert other.returncode != 0
    assert "expected an event like {'manage': ['migrate']}, and got {'Records': []}" in other.stderr


def test_django_s_pages_have_their_styles_below_a_stage(project: Path) -> None:
    run("python manage.py migrate", project)
    (line,) = (block for block in blocks("django.md", "sh") if "bridge serve" in block)
    variables, _, arguments = line.partition(" python -m bridge serve ")
    environment = dict(word.split("=") for word in variables.split())
    with serving(*shlex.split(arguments), cwd=project, **environment) as server:
        page = httpx.get(f"{server.url}admin/", follow_redirects=True)
        assert page.status_code == 200
        style = re.search(r'href="(/prod/static/admin/css/base\.css)"', page.text)
        assert style
        answer = httpx.get(str(httpx.URL(server.url).join(style[1])))
        assert (answer.status_code, answer.headers["content-type"]) == (200, 'text/css; charset="utf-8"')
