import logging

from bridge._invocation import logger


def test_the_logger_is_called_bridge() -> None:
    assert logger() is logging.getLogger("bridge")
