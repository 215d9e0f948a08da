"""The senders of HTTP requests that a function has, where the deployer has named them."""

from __future__ import annotations

from ..errors import ConfigurationError
from ..kinds import SENDERS

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..types import Event, Source


def senders(given: str | Iterable[str]) -> frozenset[str]:
    """Return the names of `Bridge(accepts=...)`.

    Raises:
        ConfigurationError: one of them names no sender.
    """
    names = frozenset([given] if isinstance(given, str) else given)
    unknown = sorted(repr(name) for name in names if name not in SENDERS)
    if unknown:
        raise ConfigurationError(
            f"Bridge(accepts=...) takes names out of {', '.join(map(repr, SENDERS))}, and not {', '.join(unknown)}."
        )
    return names


def accepting(names: frozenset[str], detect: Callable[[Event], Source | None]) -> Callable[[Event], Source | None]:
    """Return what tells the source of an event, and of one that no named sender has sent, that it is no HTTP request.

    Args:
        names: of the senders.
        detect: tells the source of any event.
    """

    def accepted(event: Event) -> Source | None:
        source = detect(event)
        return source if source is None or sender(source, event) in names else None

    return accepted


def sender(source: Source, event: Event) -> str:
    """Return the name of who sends the events of a source: "http", "rest", "url", "alb", "lattice" or "edge"."""
    module = getattr(source, "__name__", None) or type(source).__module__
    name = module.rpartition(".")[2]
    if name == "_v2":
        domain = event["requestContext"].get("domainName")
        return "url" if isinstance(domain, str) and ".lambda-url." in domain else "http"
    if name == "_v1":
        return "http" if event.get("version") == "1.0" else "rest"
    return name.removeprefix("_")
