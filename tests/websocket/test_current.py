import pytest

from bridge import ConfigurationError
from bridge.websocket import connection, suspending


class TestUnderAnotherServer:
    def test_there_is_no_connection(self) -> None:
        with pytest.raises(ConfigurationError, match="another server"):
            connection({"type": "websocket"})

    def test_nothing_is_suspended(self) -> None:
        assert not suspending({"type": "websocket"})
