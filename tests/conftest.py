"""What every test may use."""

import logging
import os
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from bridge import _http as headers
from bridge._app import wsgi
from bridge.sources import _alb as alb

settings.register_profile("bridge", deadline=None, max_examples=200)
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=20,
    derandomize=True,
    # mutmut runs each test several times in one process: a test in a class is another instance's then.
    suppress_health_check=[HealthCheck.differing_executors, HealthCheck.too_slow],
)
settings.load_profile("bridge")


@pytest.fixture(autouse=True)
def fresh_tables() -> Iterator[None]:
    """The tables of names, as in a new process: what one test teaches them is nothing to the next."""
    tables: list[dict[Any, Any]] = [headers.ASGI_NAMES, headers._environ_keys, alb.DESCRIPTIONS, alb._spellings]
    for table in tables:
        table.clear()
    wsgi._codes.clear()
    wsgi._codes["200 OK"] = 200
    yield
    for table in tables:
        table.clear()


@pytest.fixture(autouse=True)
def same_environment() -> Iterator[None]:
    """The environment, as it was before: snippets and other packages set variables, some of which say "in Lambda"."""
    before = dict(os.environ)
    if "boto3" in sys.modules:  # its default session keeps the credentials that it has found first
        vars(sys.modules["boto3"])["DEFAULT_SESSION"] = None
    yield
    if os.environ != before:
        os.environ.clear()
        os.environ.update(before)


@pytest.fixture(autouse=True)
def same_root_logger() -> Iterator[None]:
    """The root logger, as it was before: Litestar's default configuration gives it a handler and a level.

    Configurations of other frameworks switch off the loggers that there are.
    """
    root = logging.getLogger()
    _switch_on()  # what sets up several tests may have switched them off
    handlers, level = [*root.handlers], root.level
    yield
    for handler in [*root.handlers]:
        if handler not in handlers:
            root.removeHandler(handler)
    root.setLevel(level)
    _switch_on()


def _switch_on() -> None:
    logging.disable(logging.NOTSET)
    for logger in logging.root.manager.loggerDict.values():
        if isinstance(logger, logging.Logger):
            logger.disabled = False


@pytest.fixture
def own_loggers() -> Iterator[None]:
    """Loggers that are no modules' are the test's own: Powertools gives its loggers handlers, and keeps them."""
    loggers = logging.root.manager.loggerDict
    kept = _others(loggers)
    for name in kept:
        del loggers[name]
    yield
    for name in _others(loggers):
        del loggers[name]
    loggers.update(kept)


def _others(loggers: dict[str, Any]) -> dict[str, Any]:
    return {name: logger for name, logger in loggers.items() if name.partition(".")[0] not in sys.modules}


@pytest.fixture(scope="session")
def dynamodb_url() -> Iterator[str]:
    """Moto's DynamoDB, as a server.

    What it holds is in this process. `moto.mock_aws` would throw it away, so no test uses that.
    """
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="session")
def dynamodb(dynamodb_url: str) -> Iterator[Any]:
    """A client of it."""
    import boto3

    client = boto3.client(
        "dynamodb",
        endpoint_url=dynamodb_url,
        region_name="eu-west-1",
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    yield client
    client.close()
