from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bridge.gateway._template import TemplateError, schedules
from bridge.gateway._template.model import EventResource
from bridge.gateway._template.schedules import Schedule

START = datetime(2026, 11, 27, 10, 30, 30, tzinfo=UTC)  # a Friday


@pytest.mark.parametrize(
    ("expression", "times"),
    [
        ("rate(1 minute)", ["2026-11-27T10:31:30", "2026-11-27T10:32:30"]),
        ("rate(2 hours)", ["2026-11-27T12:30:30"]),
        ("rate(1 day)", ["2026-11-28T10:30:30"]),
        ("at(2026-12-31T23:59:59)", ["2026-12-31T23:59:59", None]),
        ("cron(0 12 * * ? *)", ["2026-11-27T12:00:00", "2026-11-28T12:00:00"]),
        ("cron(0/15 10 * * ? *)", ["2026-11-27T10:45:00", "2026-11-28T10:00:00"]),
        ("cron(5,35 * ? * MON-FRI *)", ["2026-11-27T10:35:00", "2026-11-27T11:05:00"]),
        ("cron(0 8 ? * MON *)", ["2026-11-30T08:00:00", "2026-12-07T08:00:00"]),
        ("cron(0 8 ? * 2 *)", ["2026-11-30T08:00:00"]),
        ("cron(0 0 1 JAN ? *)", ["2027-01-01T00:00:00", "2028-01-01T00:00:00"]),
        ("cron(0 0 L * ? *)", ["2026-11-30T00:00:00", "2026-12-31T00:00:00"]),
        (
            "cron(0 0 1W * ? *)",
            ["2026-12-01T00:00:00", "2027-01-01T00:00:00", "2027-02-01T00:00:00", "2027-03-01T00:00:00"],
        ),
        ("cron(0 0 15W 8 ? *)", ["2027-08-16T00:00:00"]),
        ("cron(0 0 ? * 6L *)", ["2026-12-25T00:00:00"]),
        ("cron(0 0 ? * L *)", ["2026-11-28T00:00:00"]),
        ("cron(0 0 ? * FRI#2 *)", ["2026-12-11T00:00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00:00"]),
        ("cron(0 0 1 1 ? 2030)", ["2030-01-01T00:00:00", None]),
        ("cron(0 0 31 2 ? *)", [None]),
    ],
)
def test_the_next_time_is_as_eventbridge_documents(expression: str, times: list[str | None]) -> None:
    schedule = Schedule(expression)
    time = START
    for wanted in times:
        found = schedule.after(time)
        assert (found.strftime("%Y-%m-%dT%H:%M:%S") if found else None) == wanted
        time = found or time


@pytest.mark.parametrize(
    "expression",
    [
        "", "every day", "rate(0 minutes)", "rate(1 year)", "rate(x minutes)", "cron(* * * * *)", "cron(0 0 * * * *)",
        "cron(0 0 ? * ? *)", "cron(61 * * * ? *)", "cron(5-1 * * * ? *)", "cron(0 0 32 * ? *)", "cron(0 0 ? * XYZ *)",
        "at(tomorrow)",
    ],
)  # fmt: skip
def test_what_is_no_schedule_is_refused(expression: str) -> None:
    with pytest.raises(TemplateError, match="is no schedule"):
        Schedule(expression)


async def test_a_schedule_is_run_when_its_time_has_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(schedules._UNITS, "minute", 0.01)
    sent: asyncio.Queue[list[Any]] = asyncio.Queue()

    class Sent:
        async def deliver(self, resource: EventResource, bodies: list[Any]) -> list[dict[str, Any]]:
            await sent.put(bodies)
            return [{"result": None}]

    resource = EventResource(name="A/Often", function="A", kind="schedule", schedule="rate(1 minute)")
    task = asyncio.create_task(schedules.run(resource, Sent))  # type: ignore[arg-type]
    assert [await sent.get(), await sent.get()] == [[], []]
    task.cancel()
    resource.schedule = f"at({datetime.now(UTC) - timedelta(days=1):%Y-%m-%dT%H:%M:%S})"
    await schedules.run(resource, Sent)  # type: ignore[arg-type]
    assert sent.empty() or await sent.get() == []
