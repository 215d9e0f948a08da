"""What can go wrong, and whose fault it is."""


class BridgeError(Exception):
    """The base of Bridge's own errors."""


class ConfigurationError(BridgeError, ValueError):
    """The deployer's: an argument of `Bridge` that cannot work."""


class EventError(BridgeError, ValueError):
    """The caller's: an event that Bridge does not know, or one that breaks its own format."""


class EventFailedError(BridgeError, RuntimeError):
    """The app's: its answer to an event that is no HTTP request was no success. Lambda sees a failed invocation."""


class RunningLoopError(BridgeError, RuntimeError):
    """The caller's: `handler(event, context)` where an event loop is already running."""


class LifespanError(BridgeError, RuntimeError):
    """The app's: its lifespan startup failed. The message is the app's own."""


class AppError(BridgeError, RuntimeError):
    """The app's: it broke the ASGI or WSGI protocol."""


class DeadlineError(BridgeError, TimeoutError):
    """The app's: it had not responded when the invocation's time was about to run out. Answered with 504."""


class ResultTooLargeError(BridgeError):
    """The app's: its response does not fit the payload limit of the event's sender. Answered with 500."""


class ResultError(BridgeError, ValueError):
    """The handler's: a result that the API it is for would refuse. The gateway raises it to itself and answers."""


class ResultBodyError(ResultError):
    """The handler's: a result that says isBase64Encoded, but its body is not base64."""
