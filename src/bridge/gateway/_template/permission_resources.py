"""The functions' resource policies: `AWS::Lambda::Permission`.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-lambda-permission.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .model import Permission
from .resources import text

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
        resources.stack.permissions.append(
            Permission(
                function=function,
                principal=text(properties.get("Principal") or ""),
                action=text(properties.get("Action") or "lambda:InvokeFunction"),
                source_arn=text(properties.get("SourceArn") or ""),
                source_account=text(properties.get("SourceAccount") or ""),
                url_auth=text(properties.get("FunctionUrlAuthType") or ""),
                name=resource.logical_id,
                line=resource.line,
            )
        )
