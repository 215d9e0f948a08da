"""The ways to write where a handler is."""

import pytest

from bridge.runtime._import_string import UsageError, attribute_of, parts


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("app:handler", ("app", "handler")),
        ("package.app:handler", ("package.app", "handler")),
        ("app.handler", ("app", "handler")),
        ("package.app.handler", ("package.app", "handler")),
        ("package/app.handler", ("package.app", "handler")),
        ("app.py:handler", ("app", "handler")),
        ("./package/app.py:handler", ("package.app", "handler")),
        ("app:Config.handler", ("app", "Config.handler")),
    ],
)
def test_a_target_is_written_as_lambda_or_as_servers_write_it(target: str, found: tuple[str, str]) -> None:
    assert parts(target) == found


@pytest.mark.parametrize("target", ["", "app", "app:", ":handler", ".handler", ".app:handler", "app.py", "app."])
def test_a_target_that_names_nothing_is_refused(target: str) -> None:
    with pytest.raises(UsageError, match="is not MODULE:HANDLER"):
        parts(target)


@pytest.mark.parametrize(
    ("target", "example"),
    [("main", "main:handler"), ("main.py", "main:handler"), ("shop/main.py", "shop.main:app"), ("..", "app:handler")],
)
def test_the_error_says_what_to_type(target: str, example: str) -> None:
    with pytest.raises(UsageError, match=f"for example .*{example}"):
        parts(target)


def test_a_name_may_have_dots() -> None:
    assert attribute_of(pytest, "mark.parametrize") == pytest.mark.parametrize
    with pytest.raises(AttributeError):
        attribute_of(pytest, "raises.nothing")
