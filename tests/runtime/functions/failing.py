"""What the apps of `failing_asgi` and `failing_wsgi` do."""


def read() -> None:
    try:
        int("three")
    except ValueError as error:
        raise RuntimeError("cannot read") from error
