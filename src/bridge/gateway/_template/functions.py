"""The template's functions: `AWS::Serverless::Function` and `AWS::Lambda::Function`.

https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-resource-function.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._permission import INVOKE, INVOKE_URL
from .api_model import ApiResource, CorsConfiguration, Integration, Route
from .identities import identifier
from .model import FunctionResource, GrantedPermission
from .resources import section, text, texts, truth
from .values import TemplateError

if TYPE_CHECKING:
    from pathlib import Path

    from .resources import Resource, Resources


def read(resources: Resources) -> None:
    """Read the functions, and the function URLs that SAM's have."""
    for resource in resources.of("AWS::Serverless::Function"):
        properties = merged(section(resources.sections.get("Function")), resource.properties)
        _add(resources, resource, properties, properties.get("CodeUri", "."), properties.get("InlineCode"))
        url = properties.get("FunctionUrlConfig")
        if isinstance(url, dict):
            name = f"{resource.logical_id}Url"
            add_url(resources, name, resource.logical_id, url, resource.line_of("FunctionUrlConfig"), sam=True)
    for resource in resources.of("AWS::Lambda::Function"):
        code = resource.properties.get("Code")
        place, inline = code, None
        if isinstance(code, dict):
            place, inline = code.get("S3Bucket") and code, code.get("ZipFile")
        _add(resources, resource, resource.properties, place, inline)
    for resource in resources.of("AWS::Lambda::Url"):
        function = resources.function(resource.properties.get("TargetFunctionArn"))
        if function is not None:
            add_url(resources, resource.logical_id, function, resource.properties, resource.line, sam=False)


def merged(globally: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return a resource's properties with the global ones: maps are merged, lists joined, all else is its own.

    https://docs.aws.amazon.com/serverless-application-model/latest/developerguide/sam-specification-template-anatomy-globals.html
    """
    result = {**globally, **own}
    for name in globally.keys() & own.keys():
        one, other = globally[name], own[name]
        if isinstance(one, dict) and isinstance(other, dict):
            result[name] = merged(one, other)
        elif isinstance(one, list) and isinstance(other, list):
            result[name] = [*one, *other]
    return result


def add_url(resources: Resources, name: str, function: str, config: dict[str, Any], line: int, *, sam: bool) -> None:
    """Add a function's URL, and, for SAM's without signatures, the statements that open it to everyone."""
    signed = config.get("AuthType") == "AWS_IAM"
    streaming = config.get("InvokeMode") == "RESPONSE_STREAM"
    integration = Integration(kind="lambda", function=function, payload="2.0", streaming=streaming)
    resources.stack.apis[name] = ApiResource(
        logical_id=name,
        kind="url",
        api_id=identifier(function),
        routes=[Route(method="ANY", path="$default", integration=integration, line=line)],
        cors=cors(config.get("Cors")),
        signed=signed,
        line=line,
    )
    if sam and not signed:
        opening = {"Action": INVOKE_URL, "Principal": "*", "FunctionUrlAuthType": "NONE"}
        invoking = {"Action": INVOKE, "Principal": "*", "InvokedViaFunctionUrl": True}
        for properties, ending in ((opening, "UrlPublicPermissions"), (invoking, "URLInvokeAllowPublicAccess")):
            made = GrantedPermission(function=function, properties=properties, name=function + ending, line=line)
            resources.stack.permissions.append(made)


def cors(config: Any) -> CorsConfiguration | None:
    """Return a CORS configuration of an HTTP API or a function URL; `true` allows every origin."""
    if truth(config):
        return CorsConfiguration(origins=("*",))
    if not isinstance(config, dict):
        return None
    names = {name.lower(): value for name, value in config.items()}  # an OpenAPI definition has allowOrigins
    age = names.get("maxage")
    return CorsConfiguration(
        origins=texts(names.get("alloworigins")),
        methods=texts(names.get("allowmethods")),
        headers=texts(names.get("allowheaders")),
        expose=texts(names.get("exposeheaders")),
        credentials=truth(names.get("allowcredentials")),
        max_age=None if age is None else int(age),
    )


def _add(resources: Resources, resource: Resource, properties: dict[str, Any], code: Any, inline: Any) -> None:
    function = FunctionResource(
        logical_id=resource.logical_id,
        name=resources.name(resource.logical_id),
        line=resource.line,
        handler=str(properties.get("Handler") or ""),
        runtime=str(properties.get("Runtime") or ""),
        timeout=_number(properties, "Timeout", 3.0, resource),
        memory=int(_number(properties, "MemorySize", 128, resource)),
    )
    variables = section(section(properties.get("Environment")).get("Variables"))
    function.environment = {name: text(value) for name, value in variables.items()}
    log = section(properties.get("LoggingConfig"))
    said = {"AWS_LAMBDA_LOG_FORMAT": log.get("LogFormat"), "AWS_LAMBDA_LOG_LEVEL": log.get("ApplicationLogLevel")}
    function.logging = {name: text(value).upper() for name, value in said.items() if value is not None}
    reserved = properties.get("ReservedConcurrentExecutions")
    function.concurrency = None if reserved is None else int(reserved)
    function.layers = _layers(resources, properties.get("Layers"), resource)
    if properties.get("PackageType") == "Image":
        function.unserved = "it is a container image"
    elif not function.runtime.startswith("python"):
        function.unserved = f"its runtime is {function.runtime or 'missing'}, and only Python runs here"
    elif function.handler.endswith(".sh"):  # as the Lambda Web Adapter has it
        function.unserved = f"its handler, {function.handler}, is a script, and only handlers in Python run here"
    elif isinstance(inline, str):
        function.inline = inline
        function.handler = function.handler or "index.handler"
    elif not isinstance(code, str) or code.startswith("s3:"):
        function.unserved = "its code is in S3" if code else "it has no code"
    else:
        _place(resources, function, code, resource)
    if function.unserved:
        resources.stack.notes.add(function.line, f"{function.logical_id} is answered with 501: {function.unserved}")
    resources.stack.functions[resource.logical_id] = function


def _place(resources: Resources, function: FunctionResource, code: str, resource: Resource) -> None:
    """Find a function's code: a folder; or, of an archive, the folder that it is in, if that has the handler."""
    line = resource.line_of("CodeUri" if "CodeUri" in resource.properties else "Code")
    path = resources.path(code, line)
    module, dot, _ = function.handler.rpartition(".")
    if not dot:
        raise TemplateError(f"line {function.line}: {function.logical_id} has no Handler such as app.handler")
    if path.is_dir():
        function.code = path
    elif path.suffix == ".zip" and (path.parent / f"{module.replace('.', '/')}.py").is_file():
        function.code = path.parent
        said = f"{function.logical_id} is served from the folder of {code}, not from the archive"
        resources.stack.notes.add(line, said)
    else:
        there = "is an archive, and the handler is not beside it" if path.exists() else "is not there"
        function.unserved = f"its code, {code}, {there}"


def _layers(resources: Resources, given: Any, resource: Resource) -> list[Path]:
    found: list[Path] = []
    for arn in texts(given):
        name = arn.rpartition(":layer:")[2].partition(":")[0]
        layer = resources.find(name)
        place = layer.properties.get("ContentUri", layer.properties.get("Content")) if layer else None
        if not isinstance(place, str) or place.startswith("s3:"):
            resources.stack.notes.add(resource.line_of("Layers"), f"{resource.logical_id} lacks the layer {arn} here")
            continue
        folder = resources.path(place, resource.line_of("Layers"))
        # What is built has its modules in "python"; SAM builds that out of a folder which has them itself.
        found.append(folder / "python" if (folder / "python").is_dir() else folder)
    return found


def _number(properties: dict[str, Any], name: str, default: float, resource: Resource) -> float:
    given = properties.get(name, default)
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = 0
    if not 0 < number <= 100_000:
        raise TemplateError(f"line {resource.line_of(name)}: {resource.logical_id} has {name} {given!r}, not a number")
    return number
