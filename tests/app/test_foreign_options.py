"""Options of other adapters: what is said to whoever has only changed the import."""

import inspect
from typing import Any

import pytest

from bridge import Bridge, ConfigurationError
from bridge._app.foreign_options import _CURES

from ..apps import Asgi

OPTIONS = set(inspect.signature(Bridge.__init__).parameters)


@pytest.mark.parametrize("name", [*_CURES])
def test_an_option_of_another_adapter_is_answered_with_what_to_write_instead(name: str) -> None:
    options: Any = {name: "/v1"}
    with pytest.raises(ConfigurationError, match=f"no option '{name}', which is another adapter's") as raised:
        Bridge(Asgi(), **options)
    said = str(raised.value)
    assert "Leave it out" in said or any(f"{option}=" in said for option in OPTIONS)
    assert name not in OPTIONS


def test_the_names_of_mangum_that_bridge_has_not_are_known() -> None:
    mangum = pytest.importorskip("mangum", reason="it is in the group bench")
    names = set(inspect.signature(mangum.Mangum.__init__).parameters) - {"self", "app"}
    assert names - OPTIONS <= _CURES.keys()


def test_the_names_of_apig_wsgi_are_known() -> None:
    apig_wsgi = pytest.importorskip("apig_wsgi", reason="it is in the group bench")
    names = set(inspect.signature(apig_wsgi.make_lambda_handler).parameters) - {"wsgi_app"}
    assert names - OPTIONS <= _CURES.keys()


def test_a_name_that_nobody_has_is_a_type_error_as_for_any_function() -> None:
    options: Any = {"base_paht": "/v1"}
    with pytest.raises(TypeError, match="unexpected keyword argument 'base_paht'"):
        Bridge(Asgi(), **options)
