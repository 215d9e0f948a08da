import logging

from bridge.log import logger


def test_the_logger_is_called_bridge() -> None:
    assert logger() is logging.getLogger("bridge")
