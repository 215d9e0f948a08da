"""One event from end to end: every case, every kind of event, everyone who can serve it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any

from . import least
from .case import CASES, Case
from .contender import ASGI, FLOOR, WSGI, Contender, Handler, adapter, alone
from .least import LEAST
from .request import SOURCES, payload
from .rounds import Effort, check, race, said, thread_loop

SOURCE = "HTTP API 2.0"
"""What sends the events of the cases that are not measured with every kind of event."""

Row = dict[str, Any]
"""case, source, interface, title, figures (by contender), errors and notes (by contender)."""


def measure(effort: Effort, only: str | None = None, say: Callable[[str], None] = print) -> list[Row]:
    """Run the cases, or the one that is called `only`."""
    logging.disable(logging.CRITICAL)
    rows = []
    for case in CASES:
        if only in (None, case.name):
            for source in SOURCES if case.every_source or only else (SOURCE,):
                say(f"events: {case.title}, {source}")
                rows.append(row(case, source, effort))
    logging.disable(logging.NOTSET)
    return rows


def row(case: Case, source: str, effort: Effort) -> Row:
    """One case by one kind of event."""
    sent = payload(source, case.request)
    ready: list[Contender] = []
    errors: dict[str, str] = {}
    notes: dict[str, str] = {}
    found: Row = {"case": case.name, "source": source, "interface": case.interface, "title": case.title}
    try:
        app = case.make()
    except ImportError as error:
        return found | {"figures": {}, "errors": {"the app": said(error)}, "notes": {}}
    with thread_loop() as loop:
        for name, make in _makers(case, source, app, sent).items():
            try:
                contender = make()
                cookies = check(contender, sent, case.answer)
            except Exception as error:
                errors[name] = said(error)
                continue
            ready.append(contender)
            if cookies != case.cookies:
                notes[name] = f"sends {cookies} of {case.cookies} Set-Cookie lines"
        return found | {"figures": race(ready, sent, effort, loop), "errors": errors, "notes": notes}


def _makers(case: Case, source: str, app: Any, sent: bytes) -> dict[str, Callable[[], Contender]]:
    handlers = ASGI if case.interface == "asgi" else WSGI
    if source in least.SOURCES:
        handlers = {LEAST: least.MAKERS[case.interface]} | handlers
    makers: dict[str, Callable[[], Contender]] = {FLOOR: partial(alone, app, case.interface, sent, case.by_hand)}
    return makers | {name: partial(_adapter, name, make, app) for name, make in handlers.items()}


def _adapter(name: str, make: Callable[[Any], Handler], app: Any) -> Contender:
    return adapter(name, make(app))
