"""The functions' resource policies: `AWS::Lambda::Permission`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .._permission import INVOKE
from .model import GrantedPermission

if TYPE_CHECKING:
    from .resources import Resources


def read(resources: Resources) -> None:
    """Read the statements."""
    for resource in resources.of("AWS::Lambda::Permission"):
        properties = resource.properties
        function = resources.function(properties.get("FunctionName"))
        if function is None:
            resources.stack.notes.add(resource.line, f"{resource.logical_id} is of no function of this template")
            continue
        given = {"Principal": "", "Action": INVOKE, **properties}
        name = resource.logical_id
        made = GrantedPermission(function=function, properties=given, name=name, line=resource.line)
        resources.stack.permissions.append(made)
