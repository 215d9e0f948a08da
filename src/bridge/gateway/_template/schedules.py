"""Schedules: `rate(...)`, `cron(...)` and `at(...)`, and what runs them.

https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html
"""

from __future__ import annotations

import asyncio
import calendar
import logging
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from .values import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .model import EventResource
    from .sending import Sender

log = logging.getLogger("bridge.gateway")

_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_DAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), 1)}
_UNITS = {"minute": 60, "hour": 3600, "day": 86_400}
_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (1, 7), (1970, 2199))


async def run(resource: EventResource, sender: Callable[[], Sender]) -> None:
    """Send a schedule's event whenever its time has come, until cancelled.

    Args:
        resource: the schedule.
        sender: gives what sends events when one is to be sent: a template that is read again has another.
    """
    next_time = Schedule(resource.schedule).after
    now = datetime.now(UTC)
    while (due := next_time(now)) is not None:
        log.info("%s: next at %s", resource.name, due.isoformat(timespec="seconds"))
        while (left := (due - datetime.now(UTC)).total_seconds()) > 0:
            await asyncio.sleep(min(left, 3600))
        for step in await sender().deliver(resource, []):
            log.info("%s: %s", resource.name, step)
        now = due


class Schedule:
    """When a schedule's event is sent, in UTC.

    Args:
        expression: "rate(5 minutes)", "cron(0 12 * * ? *)", or "at(2026-12-31T23:59:59)".

    Raises:
        TemplateError: it is none of these.
    """

    def __init__(self, expression: str) -> None:
        match = re.fullmatch(r"(rate|cron|at)\((.+)\)", expression.strip())
        try:
            if match is None:
                raise ValueError
            kind, inner = match.groups()
            self._seconds = _rate(inner) if kind == "rate" else None
            self._at = datetime.fromisoformat(inner).replace(tzinfo=UTC) if kind == "at" else None
            self._fields = _cron(inner) if kind == "cron" else []
        except (ValueError, KeyError):
            raise TemplateError(
                f"{expression!r} is no schedule: rate(5 minutes), cron(0 12 * * ? *), at(...)"
            ) from None

    def after(self, time: datetime) -> datetime | None:
        """Return the next time after one; None if there is none."""
        if self._seconds is not None:
            return time + timedelta(seconds=self._seconds)
        if self._at is not None:
            return self._at if self._at > time else None
        minute = time.replace(second=0, microsecond=0) + timedelta(minutes=1)
        end = minute + timedelta(days=366 * 8)
        while minute < end:
            if not self._is_day(minute):
                minute = minute.replace(hour=0, minute=0) + timedelta(days=1)
            elif minute.hour not in self._numbers(1):
                minute = minute.replace(minute=0) + timedelta(hours=1)
            elif minute.minute not in self._numbers(0):
                minute += timedelta(minutes=1)
            else:
                return minute
        return None

    def _numbers(self, field: int) -> set[int]:
        return _values(self._fields[field], field)

    def _is_day(self, time: datetime) -> bool:
        if time.year not in self._numbers(5) or time.month not in self._numbers(3):
            return False
        of_month, of_week = self._fields[2], self._fields[4]
        if of_month != "?":
            return any(_is_day_of_month(each, time) for each in of_month.split(","))
        return any(_is_day_of_week(each, time) for each in of_week.split(","))


def _rate(inner: str) -> float:
    number, unit = inner.split()
    seconds = int(number) * _UNITS[unit.removesuffix("s")]
    if seconds <= 0:
        raise ValueError
    return seconds


def _cron(inner: str) -> list[str]:
    fields = inner.upper().split()
    if len(fields) != 6 or (fields[2] == "?") == (fields[4] == "?"):
        raise ValueError
    for number, field in enumerate(fields):
        if number not in (2, 4):
            _values(field, number)
    datetime_now = datetime(2026, 1, 1, tzinfo=UTC)
    for each in fields[2].split(","):
        each == "?" or _is_day_of_month(each, datetime_now)
    for each in fields[4].split(","):
        each == "?" or _is_day_of_week(each, datetime_now)
    return fields


def _values(field: str, number: int) -> set[int]:
    """Return the numbers that a field means: "*", "0", "1-5", "0/15", "MON,WED"."""
    low, high = _RANGES[number]
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        start, dash, end = span.partition("-")
        first = low if start in ("*", "?") else _number(start)
        last = _number(end) if dash else high if step or start in ("*", "?") else first
        if not low <= first <= last <= high:
            raise ValueError
        found.update(range(first, last + 1, int(step or 1)))
    return found


def _number(text: str) -> int:
    return _MONTHS.get(text) or _DAYS.get(text) or int(text)


def _is_day_of_month(part: str, time: datetime) -> bool:
    last = calendar.monthrange(time.year, time.month)[1]
    if part == "L":
        return time.day == last
    if part.endswith("W"):  # the weekday that is nearest, in the same month
        wanted = min(int(part[:-1]), last)
        days = [day for day in range(1, last + 1) if calendar.weekday(time.year, time.month, day) < 5]
        return time.day == min(days, key=lambda day: abs(day - wanted))
    return time.day in _values(part, 2)


def _is_day_of_week(part: str, time: datetime) -> bool:
    day = time.isoweekday() % 7 + 1
    if part.endswith("L"):  # the last one of the month
        last = calendar.monthrange(time.year, time.month)[1]
        return day == (_number(part[:-1]) if part != "L" else 7) and time.day + 7 > last
    if "#" in part:
        wanted, _, number = part.partition("#")
        return day == _number(wanted) and (time.day - 1) // 7 + 1 == int(number)
    return day in _values(part, 4)
