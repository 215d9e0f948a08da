"""The pages of the project: their snippets run, their commands work, their links lead somewhere."""

import inspect
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

import bridge
from bridge._command.cli import _parser

ROOT = Path(__file__).parent.parent
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/README.md")]

COMMANDS = [
    pytest.param(page, line.removeprefix("$ "), id=f"{page.relative_to(ROOT)}: {line}")
    for page in PAGES
    for block in re.findall(r"```console\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    for line in block.splitlines()
    if line.startswith("$ ")
]


# Its packages are those of the compatibility suite, which runs it.
RECIPES = ROOT / "docs/recipes.md"
SNIPPETS = [page for page in PAGES if page != RECIPES and "```python" in page.read_text(encoding="utf-8")]


@pytest.mark.usefixtures("own_loggers")
@pytest.mark.parametrize("page", SNIPPETS, ids=str)
def test_the_snippets_of_a_page_run_one_after_the_other(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    namespace: dict[str, object] = {"__name__": page.stem}
    for block in re.finditer(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        blank_lines = "\n" * text.count("\n", 0, block.start(1))  # so that a traceback names the page's own line
        exec(compile(blank_lines + block[1], page, "exec"), namespace)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where commands run that write files: they may use each other's."""
    return tmp_path_factory.mktemp("commands")


def test_there_are_commands_and_links() -> None:
    assert len(COMMANDS) > 5
    assert len([link for page in PAGES for link in links(page)]) > 5


@pytest.mark.parametrize(("page", "command"), [param for param in COMMANDS if "> event.json" in str(param.values[1])])
def test_an_event_that_a_page_prints_can_be_invoked_as_the_page_says(page: Path, command: str, folder: Path) -> None:
    for line in (command, next(str(p.values[1]) for p in COMMANDS if " invoke " in str(p.values[1]))):
        words = line.replace("python ", f"{shlex.quote(sys.executable)} ", 1)
        done = subprocess.run(
            words, shell=True, cwd=folder, capture_output=True, text=True, check=False, env={"PYTHONPATH": str(ROOT)}
        )
        assert done.returncode == 0, done.stderr
    assert '"statusCode": 200' in done.stdout


@pytest.mark.parametrize(("page", "command"), COMMANDS)
def test_a_command_is_one_that_exists(page: Path, command: str) -> None:
    words = shlex.split(command.partition(" > ")[0])
    if words[0] == "make":
        done = subprocess.run(["make", "-n", *words[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    elif words[:2] == ["pip", "install"]:
        assert words[-1].partition("[")[0] == "lambda-bridge"
        assert "-r" not in words or (page.parent / words[words.index("-r") + 1]).exists()
    elif words[0] == "sam":
        assert (page.parent / "template.yaml").exists()
    else:
        words = words[2:] if words[:2] == ["python", "-m"] else words
        assert words[0] == "bridge"
        assert _parser().parse_args(words[1:]).command == words[1]


def links(page: Path) -> list[str]:
    """What a page links to within the project."""
    found = re.findall(r"\]\(([^)]+)\)", page.read_text(encoding="utf-8"))
    return [link for link in found if not link.startswith("http")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_to_a_page_and_a_heading_that_exist(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        if anchor:
            headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
            anchors = [re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in headings]
            assert anchor in anchors, link


def test_the_guide_has_every_option_with_its_default() -> None:
    table = (ROOT / "docs/guide.md").read_text(encoding="utf-8").partition("## All options")[2]
    told: dict[str, str] = {}
    for names, defaults in re.findall(r"^\| (`\w.*?) \| (.*?) \|", table, re.MULTILINE)[1:]:
        told |= zip(re.findall(r"`(\w+)`", names), defaults.split(", "), strict=True)
    options = {name: option.default for name, option in inspect.signature(bridge.Bridge).parameters.items()}
    del options["app"], options["unknown"]
    assert told.keys() == options.keys()
    for name, default in options.items():
        if isinstance(default, (str, bool, float)):
            assert told[name].strip("`").replace('"', "'") == repr(default), name


def test_the_page_on_the_design_has_every_room() -> None:
    text = (ROOT / "docs/design.md").read_text(encoding="utf-8")
    block = text.partition("## The rooms")[2].partition("```\n")[2].partition("```\n")[0]
    named = set(re.findall(r"^  (\w+)(?:/|\.py) ", block, re.MULTILINE)) | set(re.findall(r"; (\w+)\.py:", block))
    package = ROOT / "src/bridge"
    folders = {path.parent.name for path in package.glob("*/__init__.py")}
    assert named == folders | {path.stem for path in package.glob("*.py")}


def test_every_page_has_its_place_on_the_site() -> None:
    text = (ROOT / "site/mkdocs.yml").read_text(encoding="utf-8")
    placed = re.findall(r"^ +- (?:[^:\n]+: )?([\w/.-]+\.md)$", text.partition("\nnav:\n")[2], re.MULTILINE)
    pages = [page.relative_to(ROOT / "docs").as_posix() for page in (ROOT / "docs").rglob("*.md")]
    assert sorted(placed) == sorted(pages)


def test_the_changelog_knows_the_version() -> None:
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert "## Unreleased" in text or f"## {bridge.__version__}" in text
