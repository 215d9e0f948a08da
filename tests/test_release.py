"""What would be uploaded: the sdist is the repository, the wheel works, and PyPI's page has no broken link."""

import email
import re
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

import bridge

ROOT = Path(__file__).parent.parent
NAME = f"lambda_bridge-{bridge.__version__}"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))

pytestmark = pytest.mark.skipif(shutil.which("git") is None or not (ROOT / ".git").exists(), reason="this is no clone")


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sdist, unpacked, and the wheel that is built from it."""
    folder = tmp_path_factory.mktemp("dist")
    build = [sys.executable, "-m", "hatchling", "build", "-d", str(folder), "-t"]
    subprocess.run([*build, "sdist"], cwd=ROOT, check=True, capture_output=True)
    with tarfile.open(folder / f"{NAME}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    subprocess.run([*build, "wheel"], cwd=folder / NAME, check=True, capture_output=True)
    return folder


def test_the_sdist_is_the_repository(dist: Path) -> None:
    tracked = subprocess.run(
        ["git", "ls-files", "-z", *("--cached", "--others", "--exclude-standard")],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    packed = {str(path.relative_to(dist / NAME)) for path in (dist / NAME).rglob("*") if path.is_file()}
    there = {name for name in tracked.split("\0") if name and (ROOT / name).exists()}
    assert packed == there | {"PKG-INFO"}  # so its tests run as they do here


def test_the_wheel_has_the_package_and_nothing_else(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"{NAME}-py3-none-any.whl") as wheel:
        names = set(wheel.namelist())
    source = ROOT / "src"
    assert {name.partition("/")[0] for name in names} == {"bridge", f"{NAME}.dist-info"}
    packed = {name for name in names if name.startswith("bridge/")}
    assert packed == {
        path.relative_to(source).as_posix()
        for path in source.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert "bridge/py.typed" in names


def test_the_wheel_works(dist: Path) -> None:
    wheel = dist / f"{NAME}-py3-none-any.whl"
    code = f"""
import sys
sys.path.insert(0, {str(wheel)!r})
import bridge
assert bridge.__file__.startswith({str(wheel)!r})
def app(environ, start_response):
    start_response("200 OK", [("content-type", "text/plain")])
    return [b"hello"]
http = {{"method": "GET", "path": "/", "sourceIp": "203.0.113.7"}}
event = {{"version": "2.0", "rawPath": "/", "rawQueryString": "", "headers": {{}}, "isBase64Encoded": False,
         "requestContext": {{"stage": "$default", "http": http}}}}
print(bridge.Bridge(app)(event, None)["body"])
"""
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)
    assert (done.stdout, done.stderr) == ("hello\n", "")


def test_pypi_s_page_has_no_relative_link(dist: Path) -> None:
    with zipfile.ZipFile(dist / f"{NAME}-py3-none-any.whl") as wheel:
        metadata = email.message_from_bytes(wheel.read(f"{NAME}.dist-info/METADATA"))
    assert metadata["Description-Content-Type"] == "text/markdown"
    page = metadata.get_payload()
    assert isinstance(page, str)
    links = [link for link in re.findall(r"\]\(([^)]+)\)", page) if not link.startswith("#")]
    assert len(links) > 20
    home = PROJECT["project"]["urls"]["Homepage"]
    blob, raw = f"{home}/blob/v{bridge.__version__}/", home.replace("//github", "//raw.githubusercontent")
    raw = f"{raw}/v{bridge.__version__}/"
    own = [link for link in links if link.startswith((blob, raw))]
    assert [link for link in links if not link.startswith("https://")] == []
    assert len(own) > 20
    assert [link for link in own if not (ROOT / re.sub(r"^https://.*?/v[\d.]+/|#.*", "", link)).exists()] == []
    assert all(link.startswith(raw) for link in own if link.endswith(".svg"))


def test_every_address_of_the_project_is_the_same_one() -> None:
    urls = PROJECT["project"]["urls"]
    assert {"Homepage", "Documentation", "Changelog", "Issues", "Source"} <= urls.keys()
    assert all(url.startswith(urls["Homepage"]) for url in urls.values())
    owner = urls["Homepage"].removeprefix("https://github.com/")
    hooks = PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]
    assert all(f"/{owner}/" in each["replacement"] for each in hooks["substitutions"])


def test_the_classifiers_exist_and_name_the_pythons_that_are_tested() -> None:
    trove_classifiers = pytest.importorskip("trove_classifiers", reason="hatchling brings it")
    named = PROJECT["project"]["classifiers"]
    assert set(named) <= trove_classifiers.classifiers
    assert named == sorted(named, key=lambda name: [part.casefold() for part in name.split(" :: ")])
    tested = re.search(r"for version in (.*); do", (ROOT / ".ci/test-all").read_text("utf-8"))
    assert tested
    assert [name.rpartition(" ")[2] for name in named if re.search(r":: 3\.\d+$", name)] == tested[1].split()
