"""From a template's file to what it deploys."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import (
    custom_domains,
    event_sources,
    functions,
    http_api_resources,
    load_balancer_resources,
    permission_resources,
    rest_api_resources,
    sam_apis,
    sam_events,
    sending,
    unread,
)
from .document import load
from .identities import Account, Identities
from .intrinsics import Intrinsics
from .loops import Loops
from .model import Stack
from .notes import Notes
from .resources import Resource, Resources, text, texts, within
from .values import Items, Section, TemplateError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SILENT = (
    "AWS::ApiGateway",
    "AWS::CloudWatch::",
    "AWS::ElasticLoadBalancingV2::",
    "AWS::IAM::",
    "AWS::Lambda::",
    "AWS::Logs::",
    "AWS::Scheduler::",
    "AWS::Serverless::LayerVersion",
)
"""Types that are read with what they belong to, or that a function needs in AWS only."""


FORMS = (AttributeError, IndexError, KeyError, TypeError, ValueError)
"""What is raised where a value has another form than AWS's reference says; its text says roughly which."""


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """What is said beside a template.

    Attributes:
        parameters: values by name.
        configured: values by name that count where there are no others, if the template has such parameters.
        imports: what other stacks export.
        region: "us-east-1".
        stack_name: `AWS::StackName`.
    """

    parameters: Mapping[str, str] = field(default_factory=dict)
    configured: Mapping[str, str] = field(default_factory=dict)
    imports: Mapping[str, str] = field(default_factory=dict)
    region: str = "us-east-1"
    stack_name: str = "local"


def read(path: Path, inputs: Inputs) -> Stack:
    """Return what a template deploys.

    Raises:
        TemplateError: it cannot be read, or contradicts itself.
    """
    try:
        return _read(path, load(path), inputs)
    except TemplateError:
        raise
    except RecursionError:
        raise TemplateError(f"{path.name}: its conditions, names or includes lead on and on") from None
    except FORMS as error:
        raise TemplateError(f"{path.name} has something of a form that is not known here: {error!r}") from error


def _read(path: Path, document: Section, inputs: Inputs) -> Stack:
    account = Account(region=inputs.region)
    notes = Notes()
    stack = Stack(account=account, notes=notes)
    folder = path.parent.resolve()
    root = _root(folder)
    if not document.get("Resources"):
        raise TemplateError(f"{path.name} has no Resources")
    values = _parameters(document, inputs, notes) | _pseudo(account, inputs)
    sections = _sections(document, Loops(values), notes)
    bare = {name: each for name, each in sections["Resources"].items() if isinstance(each, Section)}
    identities = Identities(bare, account, lambda value: intrinsics.value(value), notes)
    intrinsics = Intrinsics(
        values=values,
        mappings=sections["Mappings"],
        conditions=sections["Conditions"],
        imports=dict(inputs.imports),
        reference=identities.reference,
        include=lambda location, line: _included(folder, root, location, line, notes),
        notes=notes,
    )
    for logical_id in [each for each, resource in bare.items() if "Condition" in resource]:
        if not intrinsics.condition(bare[logical_id]["Condition"], bare[logical_id].line):
            del bare[logical_id]
    resources = Resources(
        stack=stack,
        folder=folder,
        root=root,
        resources={each: _resource(each, bare[each], intrinsics, sections["Resources"]) for each in bare},
        sections=intrinsics.value(sections["Globals"]),
        identities=identities,
        evaluate=intrinsics.value,
    )
    _fill(stack, resources)
    stack.outputs = _outputs(sections["Outputs"], intrinsics)
    return stack


def _sections(document: Section, loops: Loops, notes: Notes) -> dict[str, Section]:
    """Return the sections by name, without loops; those that are not there have nothing in them."""
    found: dict[str, Section] = {}
    for name in ("Resources", "Conditions", "Mappings", "Globals", "Outputs"):
        section = document.get(name) or Section()
        if not isinstance(section, Section):
            raise TemplateError(f"line {document.lines[name]}: {name} is no map")
        found[name] = section if name in ("Mappings", "Globals") else loops.expanded(section)
    if loops.line and "AWS::LanguageExtensions" not in texts(document.get("Transform")):
        notes.add(loops.line, "in AWS, Fn::ForEach wants the transform AWS::LanguageExtensions")
    return found


def _fill(stack: Stack, resources: Resources) -> None:
    try:
        for reader in (
            functions,
            sam_apis,
            rest_api_resources,
            http_api_resources,
            sam_events,
            load_balancer_resources,
            permission_resources,
            event_sources,
            custom_domains,
            unread,
        ):
            reader.read(resources)
    except TemplateError:
        raise
    except FORMS as error:
        raise TemplateError(f"{resources.where()}something of a form that is not known here: {error!r}") from error
    sources = {name for each in stack.events for name in sending.names(each)}
    served = {*stack.functions, *stack.apis, *(each.name.partition("/")[0] for each in stack.events)}
    for resource in resources.everything():
        known = resource.logical_id in served or resources.name(resource.logical_id) in sources
        if not known and not resource.type.startswith(_SILENT):
            stack.notes.add(resource.line, f"{resource.logical_id} ({resource.type}) is not served here")


def _root(folder: Path) -> Path:
    """Return the folder that no path leaves: the template's, or the working directory if that is around it."""
    here = Path.cwd().resolve()
    return here if folder.is_relative_to(here) else folder


def _resource(logical_id: str, section: Section, intrinsics: Intrinsics, lines: Section) -> Resource:
    kind = section.get("Type")
    line = lines.lines.get(logical_id, section.line)
    if not isinstance(kind, str):
        raise TemplateError(f"line {line}: {logical_id} has no Type")
    properties = intrinsics.value(section.get("Properties") or Section(line=line))
    if not isinstance(properties, Section):
        raise TemplateError(f"line {line}: the Properties of {logical_id} are no map")
    return Resource(logical_id=logical_id, type=kind, properties=properties, line=line)


def _parameters(document: Section, inputs: Inputs, notes: Notes) -> dict[str, Any]:
    declared = document.get("Parameters") or Section()
    unknown = inputs.parameters.keys() - declared.keys()
    if unknown:
        raise TemplateError(f"the template has no parameter {', '.join(sorted(unknown))}; it has {', '.join(declared)}")
    for name in inputs.configured:
        notes.add(0, f"samconfig.toml gives {name}" + ("" if name in declared else ", which is no parameter here"))
    values: dict[str, Any] = {}
    lacking = [name for name in declared if _given(declared[name], name, inputs) is None]
    if lacking:
        options = " ".join(f"--parameter {name}=VALUE" for name in lacking)
        raise TemplateError(f"line {declared.lines.get(lacking[0], 0)}: there is no default: {options}")
    for name, parameter in declared.items():
        given = _given(parameter, name, inputs)
        line = declared.lines.get(name, 0)
        allowed = [text(each) for each in parameter.get("AllowedValues") or ()]
        if allowed and text(given) not in allowed:
            raise TemplateError(f"line {line}: {name} is one of {', '.join(allowed)}, not {given!r}")
        kind = str(parameter.get("Type"))
        if kind.startswith("AWS::SSM::Parameter::Value") and name not in inputs.parameters:
            notes.add(line, f"{name} is read from SSM in AWS; here it is {given!r}, or --parameter {name}=VALUE")
        if kind == "CommaDelimitedList" or "List<" in kind:
            values[name] = Items(line)
            values[name].extend(each.strip() for each in text(given).split(",")) if text(given) else None
        else:
            values[name] = text(given)
    return values


def _given(parameter: Any, name: str, inputs: Inputs) -> Any:
    """Return a parameter's value; of what only AWS has, such as a network's id, the parameter's name."""
    made_up = name if str(parameter.get("Type")).startswith(("AWS::EC2", "List<AWS::EC2", "AWS::Route53")) else None
    given = inputs.parameters.get(name, inputs.configured.get(name))
    return parameter.get("Default", made_up) if given is None else given


def _pseudo(account: Account, inputs: Inputs) -> dict[str, Any]:
    return {
        "AWS::AccountId": account.account,
        "AWS::Partition": account.partition,
        "AWS::Region": account.region,
        "AWS::StackName": inputs.stack_name,
        "AWS::StackId": f"arn:{account.partition}:cloudformation:{account.region}:{account.account}"
        f":stack/{inputs.stack_name}/00000000-0000-0000-0000-000000000000",
        "AWS::URLSuffix": account.suffix,
        "AWS::NotificationARNs": Items(0),
    }


def _included(folder: Path, root: Path, location: str, line: int, notes: Notes) -> Section:
    if location.startswith("s3:"):
        notes.add(line, f"{location} is not fetched")
        return Section(line=line)
    return load(within(folder, root, location, line))


def _outputs(outputs: Section, intrinsics: Intrinsics) -> dict[str, str]:
    found = {}
    for name, output in outputs.items():
        if "Condition" not in output or intrinsics.condition(output["Condition"], output.line):
            try:
                found[name] = text(intrinsics.value(output.get("Value")))
            except TemplateError:
                continue  # of a resource that a condition has taken away, perhaps: nothing is served by outputs
    return found
