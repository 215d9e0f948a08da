"""What can go wrong, and whose fault it is."""


class BridgeError(Exception):
    """The base of Bridge's own errors.

    Attributes:
        status: what an HTTP client is answered.
        says_it_all: whether a log line with its message is enough: a traceback would show nothing of the app.
        is_for_lambda: whether Lambda is to see it, whatever `Bridge(errors=...)` says.
    """

    status = 500
    says_it_all = False
    is_for_lambda = False


class ConfigurationError(BridgeError, ValueError):
    """The deployer's: an argument of `Bridge` that cannot work."""


class EventError(BridgeError, ValueError):
    """The caller's: an event that Bridge does not know, or one that breaks its own format."""


class EventFailedError(BridgeError, RuntimeError):
    """The app's: its answer to an event that is no HTTP request was no success. Lambda sees a failed invocation."""


class FailedResponseError(BridgeError, RuntimeError):
    """The app's: its response has a status that `Bridge(errors=...)` counts as an error. Lambda sees it."""

    says_it_all = True
    is_for_lambda = True


class RunningLoopError(BridgeError, RuntimeError):
    """The caller's: `handler(event, context)` where an event loop is already running."""


class LifespanError(BridgeError, RuntimeError):
    """The app's: its lifespan startup failed. The message is the app's own."""

    is_for_lambda = True


class AppError(BridgeError, RuntimeError):
    """The app's: it broke the ASGI or WSGI protocol."""


class DeadlineError(BridgeError, TimeoutError):
    """The app's: it had not responded when the invocation's time was about to run out. Answered with 504."""

    status = 504
    says_it_all = True


class RequestIncompleteError(BridgeError):
    """A request of which the app would see a part only, and take that for the whole.

    Args:
        message: what is wrong.
        method: the request's, for metrics and access lines.
        path: the request's, decoded.
        client: the client's address.

    Attributes:
        answer: what an HTTP client is told.
    """

    says_it_all = True
    answer = "Internal Server Error"

    def __init__(self, message: str = "", *, method: str = "-", path: str = "-", client: str = "") -> None:
        super().__init__(message)
        self.method = method
        self.path = path
        self.client = client


class RequestTooLargeError(RequestIncompleteError):
    """The client's: a request whose sender has cut its body for the function. Answered with 413."""

    status = 413
    answer = "Content Too Large"


class BodyNotIncludedError(RequestIncompleteError):
    """The deployer's: a request has a body, and CloudFront is set to keep it from the function. Answered with 500."""


class ResultTooLargeError(BridgeError):
    """The app's: its response does not fit the payload limit of the event's sender. Answered with 500."""

    says_it_all = True


class StatusError(BridgeError):
    """No fault: the way in which a status other than success gets through a custom integration of a REST API.

    Lambda reports its text as `errorMessage`, which API Gateway matches against the `selectionPattern` of the method's
    integration responses. The text is JSON, described at `bridge.sources.CustomIntegration`. Always let through.
    https://docs.aws.amazon.com/apigateway/latest/developerguide/handle-errors-in-lambda-integration.html
    """


class ResultError(BridgeError, ValueError):
    """The handler's: a result that the API it is for would refuse. The gateway raises it to itself and answers."""


class ResultBodyError(ResultError):
    """The handler's: a result that says that its body is base64, and it is not."""
