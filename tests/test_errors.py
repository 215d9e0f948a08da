import pytest

import bridge
from bridge import errors, websocket
from bridge.websocket import _errors as websocket_errors

ALL = [
    error
    for module in (errors, websocket_errors)
    for error in vars(module).values()
    if isinstance(error, type) and issubclass(error, Exception)
]


@pytest.mark.parametrize("error", ALL, ids=lambda error: error.__name__)
def test_every_error_is_a_bridge_error_with_its_reason_as_its_text(error: type[Exception]) -> None:
    assert issubclass(error, bridge.BridgeError)
    assert str(error("the reason")) == "the reason"
    assert error.__doc__


@pytest.mark.parametrize("name", [name for name in bridge.__all__ if name != "Bridge"])
def test_every_public_error_is_that_of_the_errors_module(name: str) -> None:
    assert getattr(bridge, name) is getattr(errors, name)


@pytest.mark.parametrize(
    ("error", "builtin"),
    [
        (bridge.ConfigurationError, ValueError),
        (bridge.EventError, ValueError),
        (bridge.RunningLoopError, RuntimeError),
        (bridge.LifespanError, RuntimeError),
        (bridge.AppError, RuntimeError),
        (bridge.DeadlineError, TimeoutError),
        (websocket.ConnectionGoneError, OSError),
    ],
)
def test_an_error_is_also_the_builtin_one_that_it_resembles(error: type[Exception], builtin: type[Exception]) -> None:
    assert issubclass(error, builtin)
