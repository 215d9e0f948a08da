"""A template's resources, with conditions applied and functions evaluated."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .identities import FUNCTION_TYPES, identifier
from .values import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from .identities import Identities
    from .model import Stack
    from .values import Section

_FUNCTION_ARN = re.compile(r":function:([A-Za-z0-9_-]+)")


@dataclass(frozen=True, kw_only=True)
class Resource:
    """A resource of the template.

    Attributes:
        logical_id: its key.
        type: "AWS::Serverless::Function".
        properties: evaluated.
        line: where it stands.
    """

    logical_id: str
    type: str
    properties: Section
    line: int

    def line_of(self, key: str) -> int:
        """Return the line of a property."""
        return self.properties.lines.get(key, self.line)


class Resources:
    """All of a template's resources, and what finds one from another.

    Args:
        stack: what is being made of them.
        folder: the template's.
        root: which no path of the template leaves.
        resources: by logical id.
        sections: what the template says globally for a kind of SAM resource: "Function", "Api".
        identities: their names.
        evaluate: the value of what an included file says.

    Attributes:
        last: which has been looked at last.
    """

    def __init__(
        self,
        *,
        stack: Stack,
        folder: Path,
        root: Path,
        resources: dict[str, Resource],
        sections: dict[str, Any],
        identities: Identities,
        evaluate: Callable[[Any], Any],
    ) -> None:
        self.evaluate = evaluate
        self.last: Resource | None = None
        self.stack = stack
        self.folder = folder
        self.root = root
        self.sections = sections
        self._resources = resources
        self._identities = identities
        self._functions = {
            identities.name(each): each for each, resource in resources.items() if resource.type in FUNCTION_TYPES
        }

    def __getitem__(self, logical_id: str) -> Resource:
        return self._resources[logical_id]

    def __contains__(self, logical_id: object) -> bool:
        return logical_id in self._resources

    def find(self, logical_id: str) -> Resource | None:
        """Return a resource, if there is one."""
        return self._resources.get(logical_id)

    def of(self, *types: str) -> Iterator[Resource]:
        """Return the resources of these types, in the template's order."""
        for resource in self._resources.values():
            if resource.type in types:
                self.last = resource
                yield resource

    def where(self) -> str:
        """Return the resource that has been looked at last, for an error."""
        return f"line {self.last.line}: {self.last.logical_id} has " if self.last else "there is "

    def everything(self) -> Iterator[Resource]:
        """Return all resources, in the template's order."""
        return iter(self._resources.values())

    def name(self, logical_id: str) -> str:
        """Return a resource's name."""
        return self._identities.name(logical_id)

    def reference(self, logical_id: str) -> str:
        """Return what `Ref` gives for a resource."""
        return self._identities.reference(logical_id, None, 0) or logical_id

    def arn(self, logical_id: str) -> str:
        """Return a resource's ARN; "" for types that are not known to have one."""
        return self._identities.arn(logical_id)

    def function(self, text: object) -> str | None:
        """Return the logical id of the function that a name, an ARN or an integration's URI means."""
        if not isinstance(text, str):
            return None
        match = _FUNCTION_ARN.search(text)
        name = match[1] if match else text.partition(":")[0]
        return self._functions.get(name)

    def api(self, text: object) -> str | None:
        """Return the logical id of the API that an id, or a logical id, means."""
        apis = self.stack.apis
        if isinstance(text, str):
            return (
                text if text in apis else next((each for each in apis if apis[each].api_id == identifier(text)), None)
            )
        return None

    def path(self, given: str, line: int) -> Path:
        """Return the file or folder that a path of the template means.

        Raises:
            TemplateError: it is outside of what is served.
        """
        return within(self.folder, self.root, given, line)


def within(folder: Path, root: Path, given: str, line: int) -> Path:
    """Return the file or folder that a path of a template in `folder` means.

    Raises:
        TemplateError: it is outside of `root`.
    """
    found = (folder / given).resolve()
    if not found.is_relative_to(root):
        raise TemplateError(
            f"line {line}: {given!r} is outside of {root}: a template's paths stay in its folder, or in the working"
            " directory"
        )
    return found


def texts(value: Any) -> tuple[str, ...]:
    """Return a list of texts, which the template may give as one."""
    if value is None:
        return ()
    return tuple(text(each) for each in value) if isinstance(value, list) else (text(value),)


def text(value: Any) -> str:
    """Return a scalar as CloudFormation has it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def section(value: Any) -> dict[str, Any]:
    """Return a map that may be missing."""
    return value if isinstance(value, dict) else {}


def truth(value: Any) -> bool:
    """Return a boolean, which CloudFormation takes as a text too."""
    return value is True or (isinstance(value, str) and value.lower() == "true")
