"""SAM's short forms are read as AWS's own transform expands them.

The transform, aws-sam-translator, wants a pydantic that frameworks have left behind: it cannot be in the environment of
the tests. Where it is, `pip install aws-sam-translator` in an environment of its own, these run:
`python -m pytest tests/template/test_transform.py`.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from bridge.gateway._template.api_model import ApiResource
from bridge.gateway._template.document import load
from bridge.gateway._template.model import API_GATEWAY, Stack
from bridge.gateway._template.stack import Inputs, read

from .test_corners import TEMPLATE as CORNERS

parser = pytest.importorskip("samtranslator.parser.parser", reason="aws-sam-translator pins pydantic")
translator = pytest.importorskip("samtranslator.translator.translator", reason="aws-sam-translator pins pydantic")

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = [
    Path(__file__).parent / "templates" / "desk" / "template.yaml",
    *(each for each in sorted(ROOT.glob("examples/*/template.yaml")) if "AWS::Serverless" in each.read_text()),
]
CORNER = "corners"


def expanded(path: Path, folder: Path) -> Path:
    """Return a template without SAM, made of one with it."""
    os.environ.setdefault("AWS_DEFAULT_REGION", "us-east-1")
    document = json.loads(json.dumps(load(path)))
    for section in (document.get("Globals", {}).get("Function", {}), *map(_properties, document["Resources"].values())):
        if "CodeUri" in section:
            section["CodeUri"] = "s3://bucket/key"
        if section.get("PackageType") == "Image":
            section["ImageUri"] = "123456789012.dkr.ecr.us-east-1.amazonaws.com/image:1"
    made = translator.Translator({}, parser.Parser()).translate(document, {})
    result = folder / "expanded.json"
    result.write_text(json.dumps(made))
    return result


def _properties(resource: dict[str, Any]) -> dict[str, Any]:
    properties: dict[str, Any] = resource.get("Properties") or {}
    return properties


def routes(stack: Stack, api: ApiResource) -> set[tuple[object, ...]]:
    return {
        (
            route.method,
            route.path,
            _authorizer(api, route.authorizer),
            route.scopes,
            route.api_key,
            route.integration.kind,
            route.integration.function,
            route.integration.payload if api.kind == "http" else "",
            route.integration.seconds,
            route.integration.streaming,
            json.dumps(route.integration.responses, sort_keys=True),
        )
        for route in api.routes
    }


def _authorizer(api: ApiResource, name: str) -> tuple[object, ...]:
    found = api.authorizers.get(name)
    if found is None:
        return (name,)
    return (found.kind, found.function, found.identity, found.seconds, found.payload, found.simple, found.validation,
            found.issuer, found.audience)  # fmt: skip


def permissions(stack: Stack) -> set[tuple[str, str]]:
    """Return what lets APIs and everybody in, without what something wider lets in too."""
    found = [each for each in stack.permissions if each.properties["Principal"] in (API_GATEWAY, "*")]
    arns = [(each.function, each.properties.get("SourceArn", "")) for each in found]
    return {
        (each.function, json.dumps({**each.properties, "FunctionName": ""}, sort_keys=True))
        for each in found
        if not any(
            function == each.function and arn != each.properties.get("SourceArn") and arn.endswith("/*/*")
            and each.properties.get("SourceArn", "").startswith(arn.removesuffix("/*"))
            for function, arn in arns
        )
    }  # fmt: skip


def shown(stack: Stack) -> dict[str, Any]:
    """Return what a template deploys, without what the transform names in its own way."""
    return {
        "apis": {
            name: (
                api.kind,
                # The transform adds a stage of REST APIs of its own, called "Stage", which nobody can reach usefully.
                [(stage.name, stage.variables) for stage in api.stages if stage.name != "Stage"],
                sorted(set(api.binary)),
                api.cors,
                api.gateway_responses,
                routes(stack, api),
            )
            for name, api in stack.apis.items()
        },
        "permissions": permissions(stack),
        "events": sorted((each.function, each.kind, each.source, each.schedule, each.partial) for each in stack.events),
        "domains": {name: sorted(domain.mappings) for name, domain in stack.domains.items()},
    }


@pytest.mark.parametrize("path", [*TEMPLATES, CORNER], ids=lambda path: Path(path).parent.name or str(path))
def test_sam_is_read_as_the_transform_expands_it(path: Path | str, tmp_path: Path) -> None:
    if path == CORNER:
        path = tmp_path / "template.yaml"
        path.write_text(CORNERS)
    inputs = Inputs()
    assert shown(read(Path(path), inputs)) == shown(read(expanded(Path(path), tmp_path), inputs))
