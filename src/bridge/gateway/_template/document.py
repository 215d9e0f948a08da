"""A template's text, YAML or JSON, as values that know their lines.

It is read without recursion, and with limits on its size: a template comes from whoever wrote the repository.
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import yaml

from .values import Items, Section, TemplateError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SIZE = 1024 * 1024
"""Bytes of a template that CloudFormation takes."""

DEPTH = 64
"""Levels of maps and lists. CloudFormation's own limit is not documented; templates that people write have 20."""

VALUES = 100_000
"""Values of a template, those behind an alias counted as often as they are used."""

_PLAIN = frozenset(("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp", "tag:yaml.org,2002:binary", "!"))


def load(path: Path) -> Section:
    """Return the map that a template, or a file that it includes, is.

    Raises:
        TemplateError: the file cannot be read, is no YAML or JSON of this kind, or is too large.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TemplateError(f"cannot read {path}: {error.strerror}") from None
    if len(data) > SIZE:
        raise TemplateError(f"{path} has {len(data):,} bytes; CloudFormation takes {SIZE:,}")
    return parse(data, path.name)


def parse(data: bytes, name: str) -> Section:
    """Return the map that a text is.

    Args:
        data: YAML or JSON.
        name: what errors call it.

    Raises:
        TemplateError: as of `load`.
    """
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise TemplateError(f"{name} is not UTF-8: {error}") from None
    is_json = text.lstrip().startswith("{") and _is_json(text)
    if is_json:
        text = _yaml_of_json(text)
    try:
        value = _Reader(name, is_json=is_json).read(
            yaml.parse(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        )
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise TemplateError(f"{name}, line {line}: {error.problem or error}") from None
    except yaml.YAMLError as error:
        raise TemplateError(f"{name} is no YAML: {error}") from None
    if not isinstance(value, Section):
        raise TemplateError(f"{name} is no map, as a template is")
    return value


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except (ValueError, RecursionError):
        return False
    return True


def _yaml_of_json(text: str) -> str:
    """Return JSON as YAML takes it, line by line the same."""

    def escaped(match: re.Match[str]) -> str:
        if match[1]:  # YAML's escapes know no surrogate pairs
            return "\\U{:08x}".format(ord(json.loads(f'"{match[0]}"')))
        return match[0] if len(match[0]) > 1 else f"\\U{ord(match[0]):08x}"

    # A tab in JSON stands between values only, and YAML has none there.
    return _NOT_YAML.sub(escaped, text.replace("\t", " "))


_NOT_YAML = re.compile(
    r"\\u([Dd][89ABab]..)\\u[Dd][C-Fc-f]..|\\.|[^\x20-\x7e\n\r\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe]"
)
"""Surrogate pairs, other escapes, which stay, and characters that are none of YAML's or break its lines."""


class _Reader:
    """What makes values of YAML's events."""

    def __init__(self, name: str, *, is_json: bool) -> None:
        self._name = name
        self._is_json = is_json
        self._anchors: dict[str, Any] = {}
        # Open maps and lists: the value, its tag, the key that waits for a value, and the anchor.
        self._open: list[tuple[Section | Items, str | None, list[tuple[Any, int]], str | None]] = []
        self._scalars = yaml.constructor.SafeConstructor()
        self._resolver: Any = yaml.resolver.Resolver()

    def read(self, events: Iterator[Any]) -> Any:
        """Return the first document's value."""
        for event in events:
            line = event.start_mark.line + 1
            if isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
                self._begin(event, line)
                continue
            if isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
                value, tag, _, anchor = self._open.pop()
                made = self._tagged(tag, value, value.line)
                line = value.line
                if anchor:
                    self._anchors[anchor] = made
            elif isinstance(event, yaml.ScalarEvent):
                made = self._scalar(event, line)
            elif isinstance(event, yaml.AliasEvent):
                made = self._alias(event.anchor, line)
            else:  # of the stream and its documents
                continue
            if not self._open:
                return made
            self._place(made, line)
        return None

    def _begin(self, event: Any, line: int) -> None:
        if len(self._open) == DEPTH:
            raise self._error(line, f"more than {DEPTH} levels of maps and lists")
        value: Section | Items = Section(line=line) if isinstance(event, yaml.MappingStartEvent) else Items(line)
        self._open.append((value, event.tag, [], event.anchor))

    def _alias(self, anchor: str | None, line: int) -> Any:
        if anchor in self._anchors:
            return self._anchors[anchor]
        if any(anchor == each for _, _, _, each in self._open):
            raise self._error(line, f"*{anchor} is inside of itself")
        raise self._error(line, f"there is no &{anchor} before *{anchor}")

    def _scalar(self, event: Any, line: int) -> Any:
        if self._open and isinstance(self._open[-1][0], Section) and not self._open[-1][2]:
            return event.value  # a key is a text: "200", "on"
        if self._is_json:  # whose numbers have forms that YAML takes for texts
            return json.loads(event.value) if event.implicit[0] else event.value
        custom = event.tag if event.tag and event.tag.startswith("!") and event.tag != "!" else None
        tag = None if custom else event.tag
        if tag is None:
            tag = self._resolver.resolve(yaml.ScalarNode, event.value, event.implicit if not custom else (True, False))
        value: Any = event.value
        if tag not in _PLAIN and not custom:
            node = yaml.ScalarNode(tag, event.value, event.start_mark, event.end_mark)
            try:
                value = self._scalars.construct_object(node)
            except (ValueError, yaml.YAMLError):
                value = event.value
            if not isinstance(value, (str, int, float, bool, type(None))):
                value = event.value
        made = self._tagged(custom, value, line)
        if event.anchor:
            self._anchors[event.anchor] = made
        return made

    def _tagged(self, tag: str | None, value: Any, line: int) -> Any:
        if tag is None or not tag.startswith("!") or tag == "!":
            return value
        name = tag[1:]
        if name not in _FUNCTIONS:
            raise self._error(line, f"there is no function !{name}")
        if name == "GetAtt" and isinstance(value, str):
            resource, _, attribute = value.partition(".")
            value = [resource, attribute]
        key = name if name in ("Ref", "Condition") else f"Fn::{name}"
        made = Section({key: value}, line=line)
        made.lines[key] = line
        made.weight = 1 + getattr(value, "weight", 1)
        return made

    def _place(self, value: Any, line: int) -> None:
        container, _, waiting, _ = self._open[-1]
        container.weight += getattr(value, "weight", 1)
        if container.weight > VALUES:
            raise self._error(line, f"more than {VALUES:,} values, with those behind aliases")
        if isinstance(container, Items):
            container.append(value)
        elif not waiting:
            if not isinstance(value, str):
                raise self._error(line, "a key must be a text")
            waiting.append((value, line))
        else:
            self._pair(container, *waiting.pop(), value)

    def _pair(self, container: Section, key: str, line: int, value: Any) -> None:
        if key == "<<":
            for merged in value if isinstance(value, Items) else [value]:
                if not isinstance(merged, Section):
                    raise self._error(line, "<< takes a map")
                for name in merged.keys() - container.keys():
                    container[name] = merged[name]
                    container.lines[name] = 0  # a key of the map's own may replace it
        elif container.lines.get(key):
            raise self._error(line, f"{key} is there already, in line {container.lines[key]}")
        else:
            container[key] = value
            container.lines[key] = line

    def _error(self, line: int, text: str) -> TemplateError:
        return TemplateError(f"{self._name}, line {line}: {text}")


_FUNCTIONS = frozenset(
    """
    Ref Condition And Base64 Cidr Equals FindInMap ForEach GetAZs GetAtt If ImportValue Join Length Not Or Select Split
    Sub ToJsonString Transform
    """.split()  # noqa: SIM905
)
