"""What `Ref` and `GetAtt` give for the template's resources: names, ARNs and URLs, as in AWS, with made-up ids.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-template-resource-type-ref.html
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .values import TemplateError

if TYPE_CHECKING:
    from collections.abc import Callable

    from .notes import Notes

FUNCTION_TYPES = frozenset(("AWS::Serverless::Function", "AWS::Lambda::Function"))
API_TYPES = frozenset(
    (
        "AWS::Serverless::Api",
        "AWS::Serverless::HttpApi",
        "AWS::Serverless::WebSocketApi",
        "AWS::ApiGateway::RestApi",
        "AWS::ApiGatewayV2::Api",
    )
)
IMPLICIT_APIS = ("ServerlessRestApi", "ServerlessHttpApi")
"""The APIs that SAM makes for events which name none."""

_ARN = "arn:{partition}:%s:{region}:{account}:%s"
_FUNCTION = _ARN % ("lambda", "function:{name}")

# By type: the property that names the resource, its Ref, and its ARN.
_TYPES: dict[str, tuple[str, str, str]] = {
    "AWS::Serverless::Function": ("FunctionName", "{name}", _FUNCTION),
    "AWS::Lambda::Function": ("FunctionName", "{name}", _FUNCTION),
    "AWS::Lambda::Alias": ("Name", _FUNCTION, _FUNCTION),
    "AWS::Lambda::Version": ("", _FUNCTION, _FUNCTION),
    "AWS::Serverless::LayerVersion": ("", _ARN % ("lambda", "layer:{name}:1"), _ARN % ("lambda", "layer:{name}:1")),
    "AWS::Lambda::LayerVersion": ("", _ARN % ("lambda", "layer:{name}:1"), _ARN % ("lambda", "layer:{name}:1")),
    "AWS::SQS::Queue": ("QueueName", "https://sqs.{region}.{suffix}/{account}/{name}", _ARN % ("sqs", "{name}")),
    "AWS::SNS::Topic": ("TopicName", _ARN % ("sns", "{name}"), _ARN % ("sns", "{name}")),
    "AWS::S3::Bucket": ("BucketName", "{name}", "arn:{partition}:s3:::{name}"),
    "AWS::DynamoDB::Table": ("TableName", "{name}", _ARN % ("dynamodb", "table/{name}")),
    "AWS::DynamoDB::GlobalTable": ("TableName", "{name}", _ARN % ("dynamodb", "table/{name}")),
    "AWS::Serverless::SimpleTable": ("TableName", "{name}", _ARN % ("dynamodb", "table/{name}")),
    "AWS::Kinesis::Stream": ("Name", "{name}", _ARN % ("kinesis", "stream/{name}")),
    "AWS::Events::Rule": ("Name", "{name}", _ARN % ("events", "rule/{name}")),
    "AWS::Events::EventBus": ("Name", "{name}", _ARN % ("events", "event-bus/{name}")),
    "AWS::Scheduler::Schedule": ("Name", "{name}", _ARN % ("scheduler", "schedule/default/{name}")),
    "AWS::Serverless::StateMachine": ("Name", _ARN % ("states", "stateMachine:{name}"), ""),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", _ARN % ("states", "stateMachine:{name}"), ""),
    "AWS::Cognito::UserPool": ("", "{region}_{name}", _ARN % ("cognito-idp", "userpool/{region}_{name}")),
    "AWS::IAM::Role": ("RoleName", "{name}", "arn:{partition}:iam::{account}:role/{name}"),
    "AWS::SecretsManager::Secret": ("Name", _ARN % ("secretsmanager", "secret:{name}"), ""),
    "AWS::KMS::Key": ("", "{name}", _ARN % ("kms", "key/{name}")),
    "AWS::Logs::LogGroup": ("LogGroupName", "{name}", _ARN % ("logs", "log-group:{name}:*")),
    "AWS::ApiGateway::Stage": ("StageName", "{name}", ""),
    "AWS::ApiGatewayV2::Stage": ("StageName", "{name}", ""),
    "AWS::ApiGateway::DomainName": ("DomainName", "{name}", ""),
    "AWS::ApiGatewayV2::DomainName": ("DomainName", "{name}", ""),
    "AWS::ElasticLoadBalancingV2::TargetGroup": (
        "Name",
        _ARN % ("elasticloadbalancing", "targetgroup/{name}/0123456789abcdef"),
        "",
    ),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": (
        "Name",
        _ARN % ("elasticloadbalancing", "loadbalancer/app/{name}/0123456789abcdef"),
        "",
    ),
    "AWS::ElasticLoadBalancingV2::Listener": (
        "",
        _ARN % ("elasticloadbalancing", "listener/app/{name}/0123456789abcdef/0123456789abcdef"),
        "",
    ),
}
_ATTRIBUTES = {
    "QueueUrl": "https://sqs.{region}.{suffix}/{account}/{name}",
    "DomainName": "{name}.s3.{suffix}",
    "RegionalDomainName": "{name}.s3.{region}.{suffix}",
    "StreamArn": _ARN % ("dynamodb", "table/{name}/stream/2026-01-01T00:00:00.000"),
    "ProviderURL": "https://cognito-idp.{region}.{suffix}/{region}_{name}",
    "ProviderName": "cognito-idp.{region}.{suffix}/{region}_{name}",
    "DNSName": "{name}.{region}.elb.{suffix}",
    "ApiEndpoint": "https://{api}.execute-api.{region}.{suffix}",
    "FunctionUrl": "https://{url}.lambda-url.{region}.on.aws/",
}
_NAMES = frozenset(("QueueName", "TopicName", "Name", "StateMachineName", "RoleName", "TableName"))


@dataclass(frozen=True, kw_only=True)
class Account:
    """Where the template is taken to be deployed."""

    region: str
    account: str = "123456789012"
    partition: str = "aws"
    suffix: str = "amazonaws.com"

    def api_domain(self, api_id: str) -> str:
        """Return the domain name of an API's own."""
        return f"{api_id}.execute-api.{self.region}.{self.suffix}"

    def url_domain(self, function: str) -> str:
        """Return the domain name of a function's URL, by the function's logical id."""
        return f"{identifier(function)}.lambda-url.{self.region}.on.aws"

    def function_arn(self, name: str) -> str:
        """Return a function's ARN, by its name."""
        return f"arn:{self.partition}:lambda:{self.region}:{self.account}:function:{name}"


def identifier(logical_id: str) -> str:
    """Return the id of an API: its logical id in the letters that ids have."""
    return "".join(letter for letter in logical_id.lower() if letter.isalnum())


class Identities:
    """The names of a template's resources.

    Args:
        resources: the template's section of this name, conditions applied.
        account: where.
        evaluate: the value of a property.
        notes: where what has been made up is said.
    """

    def __init__(
        self, resources: dict[str, Any], account: Account, evaluate: Callable[[Any], Any], notes: Notes
    ) -> None:
        self._resources = resources
        self._account = account
        self._evaluate = evaluate
        self._notes = notes
        self._names: dict[str, str | None] = {}

    def name(self, logical_id: str) -> str:
        """Return the name that a resource has, or is given here: its logical id.

        Raises:
            TemplateError: its name depends on itself.
        """
        if logical_id not in self._names:
            self._names[logical_id] = None
            resource = self._resources[logical_id]
            named = _TYPES.get(resource.get("Type"), ("",))[0]
            given = (resource.get("Properties") or {}).get(named) if named else None
            self._names[logical_id] = str(self._evaluate(given) or logical_id)
        found = self._names[logical_id]
        if found is None:
            raise TemplateError(f"the name of {logical_id} depends on itself")
        return found

    def arn(self, logical_id: str) -> str:
        """Return a resource's ARN; "" for types that are not known to have one."""
        return self._filled(_TYPES.get(self._resources[logical_id].get("Type"), ("", "", ""))[2], logical_id)

    def reference(self, logical_id: str, attribute: str | None, line: int) -> str | None:
        """Return what `Ref`, or `GetAtt` with an attribute, gives; None if there is no such resource."""
        if logical_id not in self._resources:
            return self._generated(logical_id, attribute)
        kind = self._resources[logical_id].get("Type")
        if kind in ("AWS::Lambda::Alias", "AWS::Lambda::Version", "AWS::Lambda::Url"):
            return self._of_function(logical_id, kind, attribute)
        if kind in API_TYPES and attribute in (None, "ApiId", "RestApiId"):
            return identifier(logical_id)
        if kind in API_TYPES and attribute == "Stage":
            return self._stage(logical_id)
        if kind in FUNCTION_TYPES and attribute in ("Alias", "Version"):
            return self._filled(_FUNCTION, logical_id) + (":live" if attribute == "Alias" else ":1")
        _, reference, arn = _TYPES.get(kind, ("", "{name}", ""))
        if attribute is None:
            return self._filled(reference, logical_id)
        if attribute == "Arn" or attribute.endswith(("TopicArn", "GroupArn", "ListenerArn", "BalancerArn")):
            return self._filled(arn or reference, logical_id)
        if attribute in _NAMES:
            return self.name(logical_id)
        if attribute in _ATTRIBUTES:
            return self._filled(_ATTRIBUTES[attribute], logical_id)
        if attribute not in ("RootResourceId", "Deployment"):
            self._notes.add(line, f"{logical_id}.{attribute} is made up: '{logical_id}-{attribute}'")
        return f"{logical_id}-{attribute}"

    def _stage(self, api: str) -> str:
        """Return the name of the stage that SAM makes for an API."""
        if api in IMPLICIT_APIS:
            return "Prod" if api == "ServerlessRestApi" else "$default"
        return str(self._evaluate((self._resources[api].get("Properties") or {}).get("StageName")) or "$default")

    def _of_function(self, logical_id: str, kind: str, attribute: str | None) -> str:
        properties = self._resources[logical_id].get("Properties") or {}
        function = str(self._evaluate(properties.get("FunctionName") or properties.get("TargetFunctionArn")))
        name = function.rpartition("function:")[2].partition(":")[0]
        if attribute == "FunctionUrl":
            target = next((each for each in self._resources if self.name(each) == name), name)
            return f"https://{self._account.url_domain(target)}/"
        qualifier = str(self._evaluate(properties.get("Name"))) if kind == "AWS::Lambda::Alias" else "1"
        return f"{self._account.function_arn(name)}:{qualifier}"

    def _generated(self, name: str, attribute: str | None) -> str | None:
        """Return what SAM makes beside the resources of the template."""
        base, _, part = name.partition(".")
        if base in self._resources and part:  # Ref: Function.Alias
            return self.reference(base, part, 0)
        if name in IMPLICIT_APIS:
            return identifier(name) if attribute != "ApiEndpoint" else self._filled(_ATTRIBUTES["ApiEndpoint"], name)
        if name.endswith("Stage"):
            apis = (each for each in self._resources if self._resources[each].get("Type") in API_TYPES)
            for api in (each for each in (*apis, *IMPLICIT_APIS) if name.startswith(each)):
                stage = self._stage(api)
                if name in (f"{api}{stage}Stage", f"{api}ApiGatewayDefaultStage"):
                    return stage
        for ending in ("Url", "Role", "Alias"):
            owner = name.partition(ending)[0]
            if ending in name and owner in self._resources:
                if attribute == "FunctionUrl":
                    return f"https://{self._account.url_domain(owner)}/"
                role = f"arn:{self._account.partition}:iam::{self._account.account}:role/{name}"
                return role if attribute == "Arn" else name
        return None

    def _filled(self, pattern: str, logical_id: str) -> str:
        return pattern.format(
            region=self._account.region,
            account=self._account.account,
            partition=self._account.partition,
            suffix=self._account.suffix,
            name=self.name(logical_id) if logical_id in self._resources else logical_id,
            api=identifier(logical_id),
            url=identifier(logical_id),
        )
