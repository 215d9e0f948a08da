"""The options of `Bridge`, checked once and made into what the flow needs."""

from __future__ import annotations

from . import _app
from ._app.policy import Policy
from ._http import ResponseNames, from_wsgi
from .errors import AppError, ConfigurationError
from .sources import detect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ._app.asgi.loop import LoopFactory
    from ._events.posted import Posted
    from ._http.forwarding import Adjustment
    from ._invocation.around import Around
    from .types import (
        App,
        CustomSource,
        Decorator,
        ErrorMode,
        Event,
        Hook,
        Interface,
        LifespanMode,
        OnEvent,
        ResponseHeaders,
        Sender,
        Source,
        StreamingMode,
        StreamingSource,
        WebSocketBinary,
        WebSocketPath,
    )
    from .websocket import Connections


class BridgeOptions:
    """What the deployer has said: `Bridge` describes each option.

    Attributes:
        app: the app, which HTTP requests cannot reach at `events_path`, and which finds its routes below a root path.
        may_miss_routes: whether that is a guess.
        is_asgi: whether it is an ASGI app; otherwise it is a WSGI app.
        names: what to make of the names of response headers.
        policy: what becomes of responses and failures.
        adjust: makes a request the one that the client has sent; None: it is that already.
        accepts: names of the senders whose events are HTTP requests; None: all that Bridge knows.
        detect: tells the source of an event.
        streaming: the sources whose events may be answered by a stream.
        posted: makes requests of events that are none; None: nothing of the kind.
        around: the hooks and decorators that surround every invocation; None: there are none.

    Raises:
        ConfigurationError: an option cannot work, or two of them together.
    """

    def __init__(
        self,
        app: App,
        *,
        interface: Interface,
        lifespan: LifespanMode,
        base_path: str | Iterable[str],
        strip_root_path: bool | None,
        exclude_headers: Iterable[str],
        is_text: Callable[[str], bool] | Iterable[str],
        errors: ErrorMode,
        error_headers: Mapping[str, str],
        streaming: StreamingMode,
        compress: int,
        loop_factory: LoopFactory | None,
        sources: Iterable[CustomSource],
        accepts: Sender | Iterable[Sender] | None,
        on_event: OnEvent | None,
        events_path: str | None,
        warm_up: bool,
        forwarded_hosts: str | Iterable[str],
        forwarded_host_header: str,
        websocket_path: WebSocketPath,
        websocket_binary: WebSocketBinary,
        websocket_linger: float,
        connections: Connections | None,
        around: Iterable[Hook],
        decorators: Iterable[Decorator],
        metrics: str | None,
        access_log: bool,
        fold_frames: bool | Iterable[str],
    ) -> None:
        _require("lifespan", lifespan, ("auto", "on", "off"))
        _require("strip_root_path", strip_root_path, (None, True, False))
        self.lifespan = lifespan
        self.loop_factory = loop_factory
        self.on_event = on_event
        self.warm_up = warm_up
        self.names = ResponseNames([exclude_headers] if isinstance(exclude_headers, str) else exclude_headers)
        if not callable(is_text):
            from ._http.media_types import matcher

            is_text = matcher(is_text)
        self.policy = _policy(errors, is_text, _error_headers(error_headers))
        if fold_frames:
            from ._invocation.folding import install

            install(fold_frames)
        self.is_asgi = _is_asgi(app, interface)
        self.adjust = _adjust(base_path, forwarded_hosts, forwarded_host_header)
        self.accepts = _accepts(accepts)
        self.detect = _detect(sources, self.accepts)
        self.streaming = _streaming(streaming)
        self.websocket_path = websocket_path
        self.websocket_binary = websocket_binary
        self.websocket_linger = websocket_linger
        self.connections = connections
        self._check_websocket()
        self.app: Any = app
        self.may_miss_routes = False
        if self.is_asgi:
            from ._app.asgi.root_path import adapted

            self.app, self.may_miss_routes = adapted(app, strip_root_path)  # type: ignore[arg-type]
        elif strip_root_path:
            raise ConfigurationError("Bridge(strip_root_path=True) is for ASGI apps: PATH_INFO of WSGI never has it.")
        if compress is not False:
            from ._app.compression import Compression

            compression = Compression(compress)
            self.app = compression.asgi(self.app) if self.is_asgi else compression.wsgi(self.app)
        self.posted: Posted | None = None
        if on_event is not None and events_path is not None:
            raise ConfigurationError("Bridge takes on_event=... or events_path=..., not both: an event goes one way.")
        if events_path is not None:
            self._reserve(events_path)
        if metrics is not None or access_log:
            around = (self._observe(metrics, access_log), *around)
        self.around = _around(around, decorators, streaming)

    @property
    def answers_events(self) -> bool:
        """Return whether something has been said of events that are no HTTP requests."""
        return self.on_event is not None or self.posted is not None or self.warm_up

    def _observe(self, metrics: str | None, access_log: bool) -> Hook:
        from ._app.observed import Observer

        observer = Observer(metrics, access_log)
        self.app = observer.asgi(self.app) if self.is_asgi else observer.wsgi(self.app)
        self.adjust = observer.adjustment(self.adjust)
        self.policy.note = observer.note
        return observer.hook

    def _reserve(self, events_path: str) -> None:
        from ._events.path_guard import Reserved
        from ._events.posted import Posted

        self.posted = Posted(events_path)
        reserved = Reserved(self.posted.path)
        self.adjust = reserved.adjustment(self.adjust)
        self.app = reserved.asgi(self.app) if self.is_asgi else reserved.wsgi(self.app)

    def _check_websocket(self) -> None:
        path, linger, connections = self.websocket_path, self.websocket_linger, self.connections
        _require("websocket_binary", self.websocket_binary, ("refuse", "base64"))
        if isinstance(path, str) and not path.startswith("/"):
            raise ConfigurationError(f"Bridge(websocket_path=...) takes a path that starts with '/', not {path!r}.")
        if not linger >= 0:
            raise ConfigurationError(f"Bridge(websocket_linger=...) takes seconds, 0 or more, not {linger!r}.")
        if connections is None:
            return
        if not hasattr(connections, "records"):
            raise ConfigurationError(
                "Bridge(connections=...) takes bridge.websocket.Connections, such as "
                f"Connections(DynamoDBStore('table')), not {connections!r}."
            )
        if not self.is_asgi:
            raise ConfigurationError(
                "Bridge(connections=...) is for ASGI apps, which WebSocket APIs need. This WSGI app can send to the "
                "connections of another function: connections.sync.send(id, text)."
            )


def _error_headers(given: Mapping[str, str]) -> ResponseHeaders:
    try:
        return from_wsgi([*given.items()], ResponseNames())
    except (AppError, AttributeError, TypeError):
        raise ConfigurationError(
            'Bridge(error_headers=...) takes names and values of headers, {"access-control-allow-origin": "*"}, '
            f"not {given!r}."
        ) from None


def _policy(errors: ErrorMode, is_text: Callable[[str], bool], error_headers: ResponseHeaders) -> Policy:
    if isinstance(errors, str):
        _require("errors", errors, ("respond", "raise"))
        return Policy(is_text, errors == "raise", error_headers)
    counts: Any = errors if callable(errors) else getattr(errors, "__contains__", None)
    if counts is None:
        raise ConfigurationError(
            "Bridge(errors=...) takes 'respond', 'raise', statuses such as {500, 503} and range(500, 600), or a "
            f"function of a status, not {errors!r}."
        )
    from ._app.counting import CountingPolicy

    return CountingPolicy(is_text, counts, error_headers)


def _is_asgi(app: App, interface: Interface) -> bool:
    _require("interface", interface, ("auto", "asgi", "wsgi"))
    return (_app.detect(app) if interface == "auto" else interface) == "asgi"


def _adjust(
    base_path: str | Iterable[str], forwarded_hosts: str | Iterable[str], forwarded_host_header: str
) -> Adjustment | None:
    if not (base_path or forwarded_hosts):
        return None
    from ._http.forwarding import adjustment

    return adjustment(base_path, forwarded_hosts, forwarded_host_header)


def _accepts(accepts: Sender | Iterable[Sender] | None) -> frozenset[str] | None:
    if accepts is None:
        return None
    from .sources._accepted import senders

    return senders(accepts)


def _detect(sources: Iterable[CustomSource], accepts: frozenset[str] | None) -> Callable[[Event], Source | None]:
    known: Callable[[Event], Source | None] = detect
    if accepts is not None:
        from .sources._accepted import accepting

        known = accepting(accepts, detect)
    if not sources:
        return known
    from .sources._user import detector

    return detector(sources, known)


def _streaming(streaming: StreamingMode) -> tuple[StreamingSource, ...]:
    _require("streaming", streaming, ("off", "on", "auto"))
    if streaming == "off":
        return ()
    from .sources import _v1 as v1, _v2 as v2

    return (v1, v2) if streaming == "on" else (v2,)


def _around(hooks: Iterable[Hook], decorators: Iterable[Decorator], streaming: StreamingMode) -> Around | None:
    if not (hooks or decorators):
        return None
    from ._invocation.around import Around

    around = Around(hooks, decorators)
    if streaming != "off":
        around.check_streaming()
    return around


def _require(option: str, value: object, allowed: tuple[object, ...]) -> None:
    if value not in allowed:
        raise ConfigurationError(f"Bridge({option}=...) takes {' or '.join(map(repr, allowed))}, not {value!r}.")
