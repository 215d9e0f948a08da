"""What never runs is told from what somebody imports."""

from __future__ import annotations

import pytest

from bridge._command.packaging.distributions import trimmed_record
from bridge._command.packaging.entries import Entry
from bridge._command.packaging.leftovers import (
    INSTALLERS,
    METADATA,
    SCRIPTS,
    SOURCES,
    STUBS,
    TESTS,
    TOOLS,
    leftovers,
)


def entries(files: dict[str, str]) -> list[Entry]:
    return [entry(name, text.encode()) for name, text in files.items()]


def entry(name: str, data: bytes) -> Entry:
    return Entry(name, len(data), 0, False, lambda: data)


def installed(name: str, *files: str, root: str = "", **metadata: str) -> dict[str, str]:
    """The metadata of a distribution that has installed some files."""
    folder = f"{root}{name}-1.0.dist-info/"
    needs = "".join(f"Requires-Dist: {requirement}\n" for requirement in metadata.pop("requires", "").split())
    found = {
        folder + "METADATA": f"Name: {name}\n{needs}",
        folder + "RECORD": "".join(f"{file},,\n" for file in files),
    }
    return found | {folder + file.replace("_", ".", 1): text for file, text in metadata.items()}


def test_what_a_wheel_brings_for_compilers_and_type_checkers_goes() -> None:
    files = ["a/__init__.py", "a/_a.so", "a/a.pyi", "a/a.h", "a/a.pyx", "a/data.csv", "a/py.typed"]
    found = leftovers(entries({**dict.fromkeys(files, ""), **installed("a", *files)}))
    assert found == {"a/a.pyi": STUBS, "a/a.h": SOURCES, "a/a.pyx": SOURCES}


def test_a_function_s_own_files_of_these_kinds_stay() -> None:
    assert leftovers(entries({"app.py": "", "static/example.c": "", "stubs/x.pyi": ""})) == {}


def test_scripts_of_installed_packages_go_and_others_stay() -> None:
    points = {"entry_points.txt": "[console_scripts]\nrun = a:main\n"}
    files = {"bin/run": "", "bin/own": "", **installed("a", "a.py")}
    files |= {"a-1.0.dist-info/" + name: text for name, text in points.items()}
    assert leftovers(entries(files)) == {"bin/run": SCRIPTS}


def test_metadata_that_imports_read_stays_and_so_do_licences() -> None:
    kept = ["METADATA", "RECORD", "WHEEL", "entry_points.txt", "top_level.txt", "licenses/LICENSE", "COPYING.txt"]
    gone = ["INSTALLER", "REQUESTED", "direct_url.json", "sboms/a.json"]
    files = dict.fromkeys([f"a-1.0.dist-info/{name}" for name in [*kept, *gone]], "")
    assert leftovers(entries(files)) == {f"a-1.0.dist-info/{name}": METADATA for name in gone}


TESTED = {
    "a/__init__.py": "",
    "a/tests/__init__.py": "",
    "a/tests/helpers.py": "from a import tests",
    "a/tests/data.json": "",
    "a/tests/unit/test_a.py": "import a.tests.helpers",
}


def test_tests_go_with_all_that_lies_beside_them() -> None:
    assert leftovers(entries(TESTED)) == {name: TESTS for name in TESTED if "tests/" in name}


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("app.py", "import a.tests.helpers"),
        ("app.py", "from a.tests import helpers"),
        ("app.py", "def f():\n    from a import tests"),
        ("app.py", "from a.tests.helpers import x"),
        ("app.py", "def f():\n    importlib.import_module('a.tests.helpers')"),
        ("app.py", 'INSTALLED_APPS = ["a.tests"]'),
        ("a/__init__.py", "from . import tests"),
        ("a/__init__.py", "from . import (\n    b,\n    tests,\n)"),
        ("a/__init__.py", "from .tests.helpers import x"),
        ("a/b/c.py", "try:\n    from ..tests import helpers\nexcept ImportError: pass"),
    ],
)
def test_tests_that_something_imports_stay(file: str, statement: str) -> None:
    assert leftovers(entries({**TESTED, file: statement})) == {}


@pytest.mark.parametrize(
    ("file", "statement"),
    [
        ("app.py", "import a  # tests"),
        ("app.py", "from b.tests import x"),
        ("app.py", "from b import tests"),
        ("app.py", "tests = a.tests"),
        ("app.py", "import contests"),
        ("a/__init__.py", "latests = 1\nfrom . import latests"),
        ("a/__init__.py", "'see the tests'"),
        ("a/templates.txt", "import a.tests"),
    ],
)
def test_tests_that_are_only_spoken_of_go(file: str, statement: str) -> None:
    assert len(leftovers(entries({**TESTED, file: statement}))) == 4


def test_a_folder_named_tests_that_has_none_stays() -> None:
    assert leftovers(entries({"laboratory/tests/blood.py": "", "laboratory/test_tube.py": ""})) == {}


def test_tests_on_top_stay_where_they_are_imported() -> None:
    files = {"tests/__init__.py": "", "tests/test_a.py": "", "app.py": ""}
    assert set(leftovers(entries(files))) == {"tests/__init__.py", "tests/test_a.py"}
    assert leftovers(entries({**files, "app.py": "from tests import x"})) == {}


def test_what_only_leftovers_import_goes_with_them() -> None:
    files = {**TESTED, "a/tests/conftest.py": "import b.tests", "b/tests/test_b.py": "import a.tests"}
    assert "b/tests/test_b.py" in leftovers(entries(files))
    assert leftovers(entries({**files, "app.py": "import a.tests"})) == {}


BRIDGE = {
    "bridge/__init__.py": "from .handler import Bridge",
    "bridge/__main__.py": "from ._command.cli import main",
    "bridge/_command/cli.py": "from ..gateway import Gateway",
    "bridge/gateway/__init__.py": "",
    "bridge/runtime/__main__.py": "",
}


def test_bridge_s_own_tools_go() -> None:
    gone = ["bridge/__main__.py", "bridge/_command/cli.py", "bridge/gateway/__init__.py"]
    assert leftovers(entries(BRIDGE)) == dict.fromkeys(gone, TOOLS)


def test_in_a_layer_too() -> None:
    files = {f"python/{name}": text for name, text in BRIDGE.items()}
    files |= installed("lambda_bridge", root="python/")
    assert "python/bridge/gateway/__init__.py" in leftovers(entries(files))
    assert "python/bridge/runtime/__main__.py" not in leftovers(entries(files))


def test_the_gateway_stays_for_a_function_that_runs_it() -> None:
    found = leftovers(entries({**BRIDGE, "app.py": "from bridge.gateway import Gateway"}))
    assert sorted(found) == ["bridge/__main__.py", "bridge/_command/cli.py"]


def test_installers_go() -> None:
    files = {"pip/__init__.py": "", "setuptools/__init__.py": "", "pkg_resources/__init__.py": "", "app.py": ""}
    files |= {**installed("pip", "pip/__init__.py"), **installed("setuptools", "setuptools/__init__.py")}
    found = leftovers(entries(files))
    assert set(files) - set(found) == {"app.py"}
    assert set(found.values()) == {INSTALLERS}


def test_setuptools_stays_where_a_package_needs_it() -> None:
    files = {"setuptools/__init__.py": "", **installed("setuptools"), **installed("old", requires="setuptools")}
    assert leftovers(entries(files)) == {}
    files = {"setuptools/__init__.py": "", "pkg_resources/__init__.py": "", "app.py": "import pkg_resources"}
    assert leftovers(entries({**files, **installed("setuptools")})) == {}


def test_a_record_keeps_the_paths_of_what_is_there() -> None:
    record = b'b.py,sha256=x,10\na.py,sha256=y,2\n../../bin/run,sha256=z,3\n"c,d.py",,\ngone.py,,\n'
    names = {"python/a.py": 0, "python/b.py": 0, "python/c,d.py": 0}
    assert trimmed_record(record, "python/", names) == b'a.py,,\nb.py,,\n"c,d.py",,\n'
