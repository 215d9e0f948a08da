"""Events that are no requests, on their way to the template's functions, with the retries that AWS makes.

https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
"""

from __future__ import annotations

import json
import logging
import uuid
from typing import TYPE_CHECKING, Any

from .. import _records as records

if TYPE_CHECKING:
    from .deployment import Deployment
    from .model import EventResource

log = logging.getLogger("bridge.gateway")

TRIES = 3
"""How often a message, a stream's batch or an asynchronous event is given to a function here, which keeps failing. A
queue's own number is its RedrivePolicy's; AWS waits between the tries, and this does not."""

SECONDS = 900.0


class UnknownNameError(Exception):
    """There is nothing of this name that an event could be sent to."""


class Sender:
    """What sends events to functions.

    Args:
        deployment: what runs them.
    """

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment

    async def send(self, name: str, bodies: list[Any]) -> list[dict[str, Any]]:
        """Send an event, and return what has become of it: a map for each try.

        Args:
            name: of an event of the template ("Orders/Queue"), of a queue, topic, bucket, table, stream, rule or
                schedule, or of a function, which is invoked with the one body itself.
            bodies: of messages or records.

        Raises:
            UnknownNameError: there is none.
        """
        stack = self._deployment.stack
        if name in stack.functions:
            return [await self._tried(name, bodies[0] if bodies else {}, 1)]
        found = [each for each in stack.events if name in names(each)]
        if not found:
            known = sorted(
                {*stack.functions, *(name for each in stack.events for name in (each.name, each.origin) if name)}
            )
            raise UnknownNameError(f"there is no {name} in the template; there is {', '.join(known)}")
        return [step for each in found for step in await self.deliver(each, bodies)]

    async def deliver(self, resource: EventResource, bodies: list[Any]) -> list[dict[str, Any]]:
        """Give an event to a source's function, again and again while it fails; return what has become of it."""
        account = self._deployment.stack.account
        origin = records.Origin(
            kind=resource.kind,
            source=resource.source,
            name=resource.name,
            event=resource.event,
            region=account.region,
            account=account.account,
        )
        waiting = bodies or [{}]
        if resource.kind in ("schedule", "scheduler", "eventbridge", "cloudwatch-logs"):
            waiting = bodies[:1]
        steps: list[dict[str, Any]] = []
        size = resource.batch if resource.kind in ("sqs", "dynamodb", "kinesis") else max(len(waiting), 1)
        for start in range(0, max(len(waiting), 1), size):
            event = records.event(origin, waiting[start : start + size])
            for number in range(1, TRIES + 1):
                records.count(event, number)
                step = await self._tried(resource.function, event, number)
                steps.append(step)
                failed = _failed(resource, event, step)
                if not failed:
                    break
                left = [event["Records"][index] for index in failed] if resource.partial and "records" in step else ()
                event = {"Records": left} if left else event
            else:
                step["given up"] = True
                log.error("%s: given up after %s tries: %s", resource.name, TRIES, step.get("error") or step["failed"])
        return steps

    async def _tried(self, function: str, event: Any, number: int) -> dict[str, Any]:
        step: dict[str, Any] = {"function": function, "try": number}
        if isinstance(event, dict) and isinstance(event.get("Records"), list):
            step["records"] = len(event["Records"])
        try:
            result = await self._deployment.invoke(function, event, str(uuid.uuid4()), SECONDS)
        except Exception as error:
            step["error"] = str(error).strip()
            log.warning("%s: try %s failed: %s", function, number, error)
        else:
            step["result"] = json.loads(result)
        return step


def names(resource: EventResource) -> set[str]:
    """Return what a source may be called: its event, its logical id, its ARN, and the name in that."""
    found = {resource.name, resource.name.replace("/", "."), resource.source, resource.origin} - {""}
    if resource.source:
        parts = resource.source.split(":", 5)[-1].split("/")  # "jobs", "table/items/stream/...", "stream/clicks"
        found.add(parts[1] if len(parts) > 1 else parts[0])
    return found


def _failed(resource: EventResource, event: Any, step: dict[str, Any]) -> list[int]:
    """Return which records have failed, by their place in the event."""
    everything = list(range(step.get("records", 1)))
    if "error" in step:
        return everything
    if not resource.partial or "records" not in step:
        return []
    try:
        named = {each["itemIdentifier"] for each in (step["result"] or {}).get("batchItemFailures") or ()}
    except (KeyError, TypeError, AttributeError):
        step["failed"] = "all: batchItemFailures is no list of itemIdentifier"
        return everything
    there = [records.identifier(each) for each in event["Records"]]
    if not named <= set(there):
        step["failed"] = "all: batchItemFailures names a record that is not in the batch"
        return everything
    failed = [index for index, each in enumerate(there) if each in named]
    if failed and resource.kind != "sqs":  # a stream goes on from the first that has failed
        failed = everything[failed[0] :]
    if failed:
        step["failed"] = [there[index] for index in failed]
    return failed
