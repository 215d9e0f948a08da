"""Application Load Balancers: listeners, their rules, and target groups that are functions.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_ElasticLoadBalancingV2.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .api_model import ApiResource, Integration, Route
from .identities import identifier
from .resources import section, text, truth

if TYPE_CHECKING:
    from .resources import Resource, Resources

_GROUP = "AWS::ElasticLoadBalancingV2::TargetGroup"
_RULE = "AWS::ElasticLoadBalancingV2::ListenerRule"


def read(resources: Resources) -> None:
    """Read each listener as an API whose routes are its rules, by priority, and its default action."""
    groups = {resources.reference(each.logical_id): each for each in resources.of(_GROUP)}
    for resource in resources.of("AWS::ElasticLoadBalancingV2::Listener"):
        api = ApiResource(
            logical_id=resource.logical_id, kind="alb", api_id=identifier(resource.logical_id), line=resource.line
        )
        arn = resources.reference(resource.logical_id)
        rules = [each for each in resources.of(_RULE) if each.properties.get("ListenerArn") == arn]
        for rule in sorted(rules, key=lambda each: int(each.properties.get("Priority") or 0)):
            properties = rule.properties
            _add(resources, api, rule, properties.get("Actions"), properties.get("Conditions") or [], groups)
        _add(resources, api, resource, resource.properties.get("DefaultActions"), [], groups)
        resources.stack.apis[resource.logical_id] = api


def _add(
    resources: Resources,
    api: ApiResource,
    owner: Resource,
    actions: Any,
    conditions: list[Any],
    groups: dict[str, Resource],
) -> None:
    """Add a rule: its last action is the one that answers."""
    action = section(actions[-1]) if isinstance(actions, list) and actions else {}
    kind = text(action.get("Type") or "")
    made = Integration(kind="fixed", settings={"conditions": [section(each) for each in conditions], "action": action})
    if kind == "forward":
        weighted = section(action.get("ForwardConfig")).get("TargetGroups") or [{}]
        group = groups.get(text(action.get("TargetGroupArn") or section(weighted[0]).get("TargetGroupArn")))
        targets = group.properties.get("Targets") or [] if group else []
        function = resources.function(section(targets[0]).get("Id")) if targets else None
        if function is None or group is None:
            said = f"{owner.logical_id} forwards to no function of this template: it answers with 503"
            resources.stack.notes.add(owner.line, said)
        else:
            made.kind, made.function = "lambda", function
            made.settings["multi_value"] = any(
                each.get("Key") == "lambda.multi_value_headers.enabled" and truth(each.get("Value"))
                for each in group.properties.get("TargetGroupAttributes") or ()
            )
            made.settings["group"] = resources.reference(group.logical_id)
    elif kind not in ("fixed-response", "redirect"):
        resources.stack.notes.add(owner.line, f"{owner.logical_id}: the action {kind or 'none'} is not run here")
    api.routes.append(Route(method="ANY", path=owner.logical_id, integration=made, line=owner.line))
