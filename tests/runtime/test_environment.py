"""Settings, and the import path."""

import sys
from pathlib import Path

import pytest

from bridge.errors import ConfigurationError
from bridge.runtime._environment import OPTIONS, Environment, set_up_path


def test_the_command_line_comes_before_the_environment() -> None:
    assert Environment(["app.handler"], {"_HANDLER": "other.handler"}).handler == "app.handler"
    assert Environment([], {"_HANDLER": "other.handler"}).handler == "other.handler"


@pytest.mark.parametrize("name", OPTIONS)
def test_every_value_that_an_option_has_is_taken_and_no_other(name: str) -> None:
    for value in ("", *OPTIONS[name]):
        Environment([], {name: value}).check()
    with pytest.raises(ConfigurationError, match=f"{name} is {' or '.join(OPTIONS[name])}, not 'other'"):
        Environment([], {name: "other"}).check()


def test_the_first_value_is_the_default() -> None:
    defaults = Environment([], {name: values[0] for name, values in OPTIONS.items()})
    nothing = Environment([], {})
    for environment in (defaults, nothing):
        assert not any((environment.tasks, environment.graceful, environment.restarts, environment.is_concurrent))
    assert nothing.workers == 1


@pytest.fixture
def path(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    path = ["somewhere", "else"]
    monkeypatch.setattr(sys, "path", path)
    return path


def test_the_function_comes_first_and_then_its_layers(path: list[str], tmp_path: Path) -> None:
    root, layers = tmp_path / "task", tmp_path / "opt"
    packages = layers / "lib" / f"python{sys.version_info.major}.{sys.version_info.minor}" / "site-packages"
    more = tmp_path / "more"
    for folder in (root, packages, more):
        folder.mkdir(parents=True)
    (packages / "a.pth").write_text(f"{more}\n")
    for _ in range(2):
        set_up_path(str(root), str(layers))
        assert path == [str(root), str(packages), str(layers), "somewhere", "else", str(more)]


def test_folders_that_are_not_there_are_left_out(path: list[str], tmp_path: Path) -> None:
    set_up_path("", str(tmp_path / "opt"))
    set_up_path(str(tmp_path / "task"))
    assert path == ["somewhere", "else"]
