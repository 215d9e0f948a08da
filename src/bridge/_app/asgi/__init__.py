"""One request through an ASGI app.

https://asgi.readthedocs.io/en/stable/specs/www.html
"""

from __future__ import annotations

import asyncio
import os
import time
from functools import partial
from weakref import WeakSet

from ... import current
from ..._http import BODY, IS_BASE64, METHOD, PATH, ROOT_PATH
from ..._http.body import decoded
from ..._invocation import deadline, logger
from ...errors import DeadlineError, LifespanError
from .. import is_coroutine_function
from ..shutdown import at_exit
from .cycle import Cycle
from .lifespan import Lifespan, Lifespans
from .loop import check_idle, note_other_loop, process_runner
from .root_path import HINT
from .root_task import blamed_on
from .scope import scope_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from typing import Any, TypeAlias

    from ..._options import BridgeOptions
    from ...types import ASGIApp, Event, Outcome, Receive, Request, Scope, Send
    from .loop import Runner

    Work: TypeAlias = Callable[[dict[str, Any]], Coroutine[Any, Any, None]]  # of the lifespan's state

ON_DEMAND = "on-demand"
"""What Lambda's variable AWS_LAMBDA_INITIALIZATION_TYPE says of an environment that an event waits for."""

INIT_SECONDS = 9.0
"""Of the 10 seconds that Lambda's init phase has, those that startup may use; what is left goes on at the first event.
https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html"""

SHUTDOWN_SECONDS = 5.0
"""Seconds that the app's shutdown may take when the process ends."""


class ASGI:
    """An ASGI app, ready to run requests.

    Args:
        options: what the deployer has said.
        traced: whether the app is to see the invocation's own segment of the trace.
    """

    def __init__(self, options: BridgeOptions, traced: bool) -> None:
        app: ASGIApp = options.app
        self._app = app
        self._may_miss_routes = options.may_miss_routes
        # To call a coroutine function runs nothing of it. What other apps do when they are called, their task does.
        self._coroutine: Callable[..., Coroutine[Any, Any, None]] = partial(call, app)
        if is_coroutine_function(app):
            self._coroutine = app  # type: ignore[assignment]
        self.names = options.names
        self._traced = traced
        self._mode = options.lifespan
        self.loop_factory = options.loop_factory or asyncio.new_event_loop
        self._runner: Runner
        self._lifespan: Lifespan | None = None
        self._state: dict[str, Any]
        self.lifespans = Lifespans(app, options.lifespan)
        self._forget()
        _instances.add(self)

    def run(self, request: Request, event: Event, context: Any) -> Outcome:
        """Run a request on the process's loop."""
        if not self._started:
            failure = self.start(deadline.seconds(context))
            if failure is not None:
                return None, failure
        body = b"" if request[BODY] is None else decoded(request[BODY], request[IS_BASE64])
        cycle = Cycle(body, self.names if request[METHOD] != "HEAD" else self.names.bodiless)
        scope = scope_of(request, body, event, context, self._state, self._traced)
        try:
            coroutine = self._coroutine(scope, cycle.receive, cycle.send)
        except TypeError as raised:
            return None, raised
        error = self._runner.run(coroutine, context)
        if self._may_miss_routes and request[ROOT_PATH]:
            self._look(request, cycle)
        if error is None:
            if cycle.response is None:
                error = cycle.complaint()
        elif isinstance(error, RuntimeError):
            note_other_loop(error)
        return cycle.response, error

    async def on_running_loop(self, request: Request, event: Event, context: Any) -> Outcome:
        """Run a request on the caller's loop, which has a lifespan of its own."""
        body = b"" if request[BODY] is None else decoded(request[BODY], request[IS_BASE64])
        cycle = Cycle(body, self.names if request[METHOD] != "HEAD" else self.names.bodiless)
        error = await self.host(cycle, request, body, event, context)
        if error is None and cycle.response is None:
            error = cycle.complaint()
        return cycle.response, error

    async def host(
        self, cycle: Cycle, request: Request, body: bytes, event: Event, context: Any
    ) -> BaseException | None:
        """Run a request on the caller's loop, through its channels. Return what the app raised, or None."""
        state, failure = await self.lifespans.state(deadline.seconds(context))
        if failure is not None:
            return failure
        scope = scope_of(request, body, event, context, state, self._traced)
        loop = asyncio.get_running_loop()
        over: asyncio.Future[None] = loop.create_future()
        task = loop.create_task(_told(self._app, scope, cycle.receive, cycle.send, over))
        grace = deadline.GRACE
        try:
            await _within(over, deadline.seconds(context))
            if cycle.answered and not task.done():
                grace = deadline.BACKGROUND_MARGIN / 2
                await asyncio.wait({task}, timeout=deadline.seconds(context, deadline.BACKGROUND_MARGIN))
        finally:
            ended = task.done()
            task.cancel()
        if self._may_miss_routes and request[ROOT_PATH]:
            self._look(request, cycle)
        if not ended:
            await asyncio.wait({task}, timeout=grace)
            return blamed_on(task, DeadlineError("the invocation's time ran out before the app had ended"))
        if task.cancelled():
            return blamed_on(task, asyncio.CancelledError())
        error = task.exception()
        return error if error is None else blamed_on(task, error)

    def run_alone(
        self, runner: Runner, cycle: Cycle, request: Request, body: bytes, event: Event, context: Any
    ) -> BaseException | None:
        """Run a request on a loop that runs nothing else meanwhile, as `host` does, and return what the app raised."""
        state = self.lifespans.known(runner.loop)
        if state is None:
            failure = runner.run(self.ensure_started_here(context), None)
            state = self.lifespans.known(runner.loop)
            if state is None:
                return failure
        scope = scope_of(request, body, event, context, state, self._traced)
        try:
            coroutine = self._coroutine(scope, cycle.receive, cycle.send)
        except TypeError as raised:
            return raised
        return runner.run(coroutine, context, cycle)

    def run_work(self, work: Work, context: Any) -> BaseException | None:
        """Run what is no HTTP request, and sees to its own deadline, on the process's loop. Return what it raised."""
        failure = None if self._started else self.start(deadline.seconds(context))
        return self._runner.run(work(self._state), None) if failure is None else failure

    def start(self, seconds: float | None) -> BaseException | None:
        """Bring the app to the end of its startup, or to `seconds` from now. Return what went wrong, or None."""
        check_idle()
        runner = self._runner = process_runner(self.loop_factory)
        if self._mode != "off":
            with runner.lock:
                lifespan = self._lifespan
                if lifespan is None:
                    lifespan = self._lifespan = Lifespan(self._app, self._mode, runner.loop)
                    self._state = lifespan.state
                    self.lifespans.adopt(lifespan, runner.loop)
                    at_exit(self.close)
                runner.wait(lifespan.started, seconds)
                failure = lifespan.failure()
                if failure is not None:
                    if lifespan.started.done():
                        self.lifespans.drop(lifespan)
                        self._lifespan = None
                    return failure
        self._started = True
        return None

    def ensure_started(self, context: Any) -> None:
        """Wait for startup on the process's loop, for events that are no requests.

        Raises:
            LifespanError: startup failed.
            DeadlineError: it had not ended in time.
        """
        failure = None if self._started else self.start(deadline.seconds(context))
        if failure is not None:
            raise failure

    async def ensure_started_here(self, context: Any) -> None:
        """Wait for startup on the running loop."""
        _, failure = await self.lifespans.state(deadline.seconds(context))
        if failure is not None:
            raise failure

    def start_in_init(self) -> None:
        """Start up in Lambda's init phase, as far as its time allows. The next event does what is left.

        The time is limited on demand only: with provisioned concurrency init may take minutes, and SnapStart's snapshot
        is to be taken of an app that has started.
        https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib

        Where a loop runs already, another server imports the module (uvicorn, behind the Lambda Web Adapter): it sees
        to the lifespan. So does Bridge's own runtime.

        Raises:
            LifespanError: startup failed. Lambda reports it as an init error.
        """
        if current.serves_lifespans:
            return
        if current.starts_later:
            if self._mode != "off":
                from .begun import begin

                begin(self._app)
            return
        seconds = None
        if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE", ON_DEMAND) == ON_DEMAND:
            seconds = max(INIT_SECONDS - time.process_time(), 0)
        if asyncio._get_running_loop() is None:
            failure = self.start(seconds)
        elif current.imports_as_lambda:
            failure = _in_a_thread(partial(self.start, seconds))
        else:
            return
        if isinstance(failure, LifespanError):
            raise failure

    def close(self) -> None:
        """Run the app's shutdown, if it has started up here. An event that comes later starts it up again."""
        lifespan = self._lifespan
        if lifespan is None:
            return
        check_idle()
        with self._runner.lock:
            self._forget()
            task = self._runner.loop.create_task(lifespan.shutdown())
            if not self._runner.wait(task, SHUTDOWN_SECONDS):
                logger().error("the app's lifespan shutdown took longer than %s s and was left", SHUTDOWN_SECONDS)

    def _look(self, request: Request, cycle: Cycle) -> None:
        """Say what to do, if the first request below a root path has found nothing."""
        self._may_miss_routes = False
        if cycle.status == 404:
            logger().warning(HINT, request[METHOD], request[PATH], request[ROOT_PATH])

    def _forget(self) -> None:
        self.lifespans.drop(self._lifespan)
        self._started = False
        self._lifespan = None
        self._state = {}


def _in_a_thread(start: Callable[[], BaseException | None]) -> BaseException | None:
    """Call `start` in a thread, for `serve --reload`: uvicorn imports on its loop, and the app will run on another."""
    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(1) as threads:
        return threads.submit(start).result()


def start_all_in_init() -> None:
    """Start up every app that has been wrapped so far, as far as the init phase's time allows.

    Raises:
        LifespanError: a startup failed.
    """
    for instance in [*_instances]:
        instance.start_in_init()


async def call(app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    """Run an app, whatever it gives to be awaited: a task takes coroutines only."""
    await app(scope, receive, send)


async def _told(app: ASGIApp, scope: Scope, receive: Receive, send: Send, over: asyncio.Future[None]) -> None:
    """Run an app, and tell when it is over: a turn of the loop earlier than a wait for the task would."""
    try:
        await app(scope, receive, send)
    except SystemExit as end:
        from ..._invocation.exits import log_exit

        log_exit(end, asyncio.get_running_loop())
        raise
    finally:
        _release(over)


async def _within(over: asyncio.Future[None], seconds: float | None) -> None:
    """Wait for a future that nobody else waits for, until it is done or time is up."""
    timer = None if seconds is None else asyncio.get_running_loop().call_later(seconds, _release, over)
    try:
        await over
    finally:
        if timer is not None:
            timer.cancel()


def _release(over: asyncio.Future[None]) -> None:
    if not over.done():
        over.set_result(None)


def _after_fork() -> None:
    # The parent's loop and lifespan stay the parent's. They are kept: to drop a lifespan would run what ends it here.
    for instance in _instances:
        _inherited.append(instance._lifespan)
        instance._forget()


_instances: WeakSet[ASGI] = WeakSet()
_inherited: list[Lifespan | None] = []
# Windows has no fork.
getattr(os, "register_at_fork", dict)(after_in_child=_after_fork)
