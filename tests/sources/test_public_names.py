"""The names that sources of the user's are made with, and where they come from."""

import pytest

from bridge import _http as http, sources
from bridge.sources import _custom as custom, _neutral as neutral


def test_each_name_is_the_one_of_its_module() -> None:
    found = {name: sources.__getattr__(name) for name in sources.__all__}
    assert found == {
        "CustomIntegration": custom.CustomIntegration,
        "http_request": neutral.http_request,
        "to_lists": http.to_lists,
    }


def test_another_name_is_not_there() -> None:
    with pytest.raises(AttributeError, match=r"^module 'bridge.sources' has no attribute 'custom'$"):
        sources.__getattr__("custom")
