"""The loop of a runtime: one invocation after the other."""

from __future__ import annotations

import sys

from .. import current
from ._connection import RuntimeApiError
from ._fault import Fault
from ._logs import Filter, report
from ._responder import InvocationResponder

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._api import RuntimeApi
    from ._function import Respond
    from ._invocation import Invocation


class Worker:
    """Takes invocations and answers them, one at a time.

    Args:
        api: on a connection of the worker's own.
        respond: answers an event; of what is invoked.
        alone: whether no other worker is in this process, so that what belongs to the invocation may be put where the
            whole process sees it.
    """

    def __init__(self, api: RuntimeApi, respond: Respond, alone: bool) -> None:
        self._api = api
        self._respond = respond
        self._alone = alone

    async def run(self) -> NoReturn:
        """Take and answer invocations until the Runtime API ends it.

        Raises:
            RuntimeApiError: it has.
        """
        while True:
            await self.turn()

    async def turn(self) -> None:
        """Take one invocation and answer it. What the function does after its answer belongs to the turn.

        Raises:
            RuntimeApiError: the runtime is not to go on.
        """
        invocation = await self._api.next()
        if self._alone:
            Filter.latest = invocation
            current.set_trace_id(invocation.trace_id)
        responder = InvocationResponder(self._api, invocation)
        token = None
        try:
            context = invocation.context()
            token = current.context.set(context)
            await self._respond(invocation.event(), context, responder)
            if responder.failure is not None:
                raise responder.failure
            if not responder.ended:
                raise RuntimeError("the function returned before its answer was complete")
        except RuntimeApiError:
            raise
        except Exception as error:
            await self._failed(invocation, responder, error)
        except BaseException as error:
            if not _is_cancellation_of_its_own(error):
                raise
            await self._failed(invocation, responder, error)
        finally:
            if token is not None:
                current.context.reset(token)
            sys.stdout.flush()
        await responder.settle()

    async def _failed(self, invocation: Invocation, responder: InvocationResponder, error: BaseException) -> None:
        fault = Fault(error, invocation.request_id)
        report(fault)
        if not responder.started:
            await self._api.error(invocation, fault)
        elif not responder.ended:
            await responder.fail(error)


def _is_cancellation_of_its_own(error: BaseException) -> bool:
    """Return whether the function has cancelled itself, and nobody the worker."""
    asyncio: Any = sys.modules.get("asyncio")
    if asyncio is None or not isinstance(error, asyncio.CancelledError):
        return False
    try:
        task = asyncio.current_task()
    except RuntimeError:  # no loop runs here: a handler has run one of its own
        return True
    return task is None or not task.cancelling()
