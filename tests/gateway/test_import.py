"""Without the extra `serve`: what `from bridge.gateway import Gateway` says."""

import pytest

import bridge.gateway

from .missing import run_without


def complaint(module: str) -> str:
    done = run_without(module, "from bridge.gateway import Gateway")
    assert done.returncode == 1
    return done.stderr.splitlines()[-1]


def test_missing_starlette_names_the_extra() -> None:
    assert complaint("starlette") == (
        'ModuleNotFoundError: the gateway needs starlette: pip install "lambda-bridge[serve]"'
    )


def test_other_missing_modules_are_named_as_they_are() -> None:
    assert complaint("anyio") == "ModuleNotFoundError: No module named 'anyio'"


@pytest.mark.parametrize("module", ["starlette", "uvicorn"])
def test_bridge_itself_does_not_need_the_extra(module: str) -> None:
    assert run_without(module, "import bridge; bridge.Bridge").returncode == 0


def test_only_the_server_needs_uvicorn() -> None:
    assert run_without("uvicorn", "from bridge.gateway import WebSocketGateway").returncode == 0
    done = run_without("uvicorn", "from bridge.gateway import Server")
    assert done.stderr.splitlines()[-1] == "ModuleNotFoundError: No module named 'uvicorn'"


def test_what_is_not_there_is_said_so() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Gate'"):
        bridge.gateway.Gate  # noqa: B018
