# ruff: noqa: E501 - a row of a table is a line, and so is a resource of a template
from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bridge.gateway import Template
from bridge.gateway._template import TemplateError
from bridge.gateway._template.model import Stack
from bridge.gateway._template.sending import names


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "app.py").write_text("def handler(event, context): return event\n")
    return tmp_path


def read(folder: Path, text: str, **options: Any) -> Stack:
    path = folder / "template.yaml"
    path.write_text(text)
    return Template(path, **options)._stack


def one(folder: Path, properties: str, more: str = "") -> Stack:
    return read(
        folder,
        "Globals: { Function: { Runtime: python3.13, Handler: app.handler, CodeUri: . } }\n"
        f"Resources:\n  F:\n    Type: AWS::Serverless::Function\n    Properties: {properties}\n{more}",
    )


def test_globals_are_merged_as_sam_merges_them(folder: Path) -> None:
    (folder / "one").mkdir()
    (folder / "two" / "python").mkdir(parents=True)
    stack = read(
        folder,
        """
Globals:
  Function:
    Runtime: python3.13
    Handler: app.handler
    CodeUri: .
    Timeout: 9
    Layers: [!Ref One]
    Environment: { Variables: { A: 1, B: 2 } }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 5
      Layers: [!Ref Two, "arn:aws:lambda:us-east-1:1:layer:far:3"]
      Environment: { Variables: { B: true, C: !Ref One } }
  One: { Type: AWS::Serverless::LayerVersion, Properties: { ContentUri: one } }
  Two: { Type: AWS::Lambda::LayerVersion, Properties: { Content: two } }
""",
    )
    function = stack.functions["F"]
    assert (function.timeout, function.memory) == (5, 128)
    assert function.environment == {"A": "1", "B": "true", "C": "arn:aws:lambda:us-east-1:123456789012:layer:One:1"}
    assert function.layers == [folder / "one", folder / "two" / "python"]
    assert list(stack.notes) == ["line 15: F lacks the layer arn:aws:lambda:us-east-1:1:layer:far:3 here"]


@pytest.mark.parametrize(
    ("properties", "why"),
    [
        ("{ PackageType: Image }", "it is a container image"),
        ("{ Runtime: ruby3.4 }", "its runtime is ruby3.4, and only Python runs here"),
        ("{ Runtime: !Ref AWS::NoValue, CodeUri: s3://bucket/key }", "its code is in S3"),
        ("{ CodeUri: { Bucket: b, Key: k } }", "its code is in S3"),
        ("{ CodeUri: {} }", "it has no code"),
        ("{ Handler: run.sh }", "its handler, run.sh, is a script, and only handlers in Python run here"),
        ("{ CodeUri: nowhere }", "its code, nowhere, is not there"),
        ("{ CodeUri: app.py }", "its code, app.py, is an archive, and the handler is not beside it"),
    ],
)
def test_functions_that_cannot_run_here_say_why(folder: Path, properties: str, why: str) -> None:
    stack = one(folder, properties)
    assert stack.functions["F"].unserved == why
    assert list(stack.notes) == [f"line 3: F is answered with 501: {why}"]


def test_a_functions_logging_is_what_its_environment_says(folder: Path) -> None:
    stack = one(folder, "{ LoggingConfig: { LogFormat: JSON, ApplicationLogLevel: debug } }")
    assert stack.functions["F"].logging == {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"}


@pytest.mark.parametrize("built", [False, True])
def test_a_function_in_an_archive_is_served_from_the_folder_that_it_was_made_of(folder: Path, built: bool) -> None:
    if built:
        (folder / "function.zip").write_bytes(b"PK")
    stack = one(folder, "{ CodeUri: function.zip }")
    assert (stack.functions["F"].code, stack.functions["F"].unserved) == (folder, "")
    assert list(stack.notes) == ["line 5: F is served from the folder of function.zip, not from the archive"]


def refused(folder: Path, text: str) -> str:
    with pytest.raises(TemplateError) as error:
        read(folder, text)
    return str(error.value)


@pytest.mark.parametrize(
    ("properties", "said"),
    [
        ("{ CodeUri: ../other }", "line 5: '../other' is outside of"),
        ("{ CodeUri: /etc }", "line 5: '/etc' is outside of"),
        ("{ Handler: handler }", "line 3: F has no Handler such as app.handler"),
        ("{ Timeout: long }", "line 5: F has Timeout 'long', not a number"),
        ("{ MemorySize: -1 }", "line 5: F has MemorySize -1, not a number"),
        ("{ Events: { E: { Type: Api, Properties: { Path: /, Method: get, Auth: { Authorizer: Nobody } } } } }",
         "line 5: F.E: ServerlessRestApi has no authorizer Nobody"),
        ("{ Events: { E: { Type: HttpApi, Properties: { ApiId: !Ref Rest, Path: /, Method: get } } } }",
         "F.E is of type http, and Rest is not"),
        ("{ Events: { E: { Type: HttpApi }, G: { Type: HttpApi } } }",
         "F.G: ServerlessHttpApi has ANY $default already"),
    ],
)  # fmt: skip
def test_a_function_that_contradicts_itself_is_refused(folder: Path, properties: str, said: str) -> None:
    with pytest.raises(TemplateError) as error:
        one(folder, properties, "  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: v1 } }\n")
    assert said in str(error.value)


def test_paths_stay_in_the_working_directory_where_that_is_around_the_template(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "deploy").mkdir()
    (folder / "deploy" / "template.yaml").write_text(
        "Resources: { F: { Type: AWS::Serverless::Function,"
        " Properties: { Runtime: python3.13, Handler: app.handler, CodeUri: .. } } }"
    )
    with pytest.raises(TemplateError):
        Template(folder / "deploy" / "template.yaml")
    monkeypatch.chdir(folder)
    assert Template(Path("deploy", "template.yaml"))._stack.functions["F"].code == folder
    (folder / "deploy" / "away").symlink_to(os.path.sep)
    assert "is outside of" in refused(
        folder / "deploy",
        "Resources: { F: { Type: AWS::Serverless::Function,"
        " Properties: { Runtime: python3.13, Handler: app.handler, CodeUri: away } } }",
    )


def test_implicit_apis_have_global_properties_and_the_events_routes(folder: Path) -> None:
    stack = read(
        folder,
        """
Globals:
  Api:
    Variables: { a: 1 }
    Auth: { ApiKeyRequired: true, UsagePlan: { CreateUsagePlan: PER_API } }
    Domain: { DomainName: a.example.com }
  HttpApi: { StageVariables: { b: 2 }, CorsConfiguration: true }
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: app.handler
      CodeUri: .
      Events:
        One: { Type: Api, Properties: { Path: /one/, Method: get, TimeoutInMillis: 1000 } }
        Two: { Type: HttpApi, Properties: { Path: "/two/{id}", Method: x-amazon-apigateway-any-method } }
        All: { Type: HttpApi }
        Far: { Type: Api, Properties: { RestApiId: elsewhere, Path: /, Method: get } }
        Skill: { Type: AlexaSkill }
""",
    )
    rest, http = stack.apis["ServerlessRestApi"], stack.apis["ServerlessHttpApi"]
    assert [(stage.name, stage.variables) for stage in (*rest.stages, *http.stages)] == [
        ("Prod", {"a": "1"}),
        ("$default", {"b": "2"}),
    ]
    assert [(route.key, route.api_key, route.integration.seconds) for route in rest.routes] == [("GET /one", True, 1)]
    assert [route.key for route in http.routes] == ["ANY /two/{id}", "$default"]
    assert http.cors is not None
    assert http.cors.origins == ("*",)
    assert rest.keys == {"ServerlessRestApiApiKey"}
    assert stack.domains["a.example.com"].mappings == [("", "ServerlessRestApi", "Prod")]
    assert [permission.properties["SourceArn"].rpartition(":")[2] for permission in stack.permissions] == [
        "serverlessrestapi/*/GET/one",
        "serverlesshttpapi/*/*/two/*",
        "serverlesshttpapi/*/*",
    ]
    assert list(stack.notes) == [
        "line 19: F.Far is a route of an API outside of this template: 'elsewhere'",
        "line 20: F.Skill (AlexaSkill) is sent by nothing here",
    ]


OPEN_API = """
openapi: "3.0.1"
paths:
  /a:
    parameters: []
    get:
      x-amazon-apigateway-integration: { type: aws_proxy, uri: !GetAtt F.Arn, payloadFormatVersion: "2.0" }
    options:
      x-amazon-apigateway-integration: { type: aws_proxy, uri: !GetAtt F.Arn }
"""


def test_definitions_are_read_from_the_template_or_a_file(folder: Path) -> None:
    (folder / "api.yaml").write_text(OPEN_API)
    (folder / "far.yaml").write_text(OPEN_API.replace("!GetAtt F.Arn", "arn:aws:lambda:us-east-1:1:function:else"))
    stack = one(
        folder,
        "{ Events: { E: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /a, Method: get } },"
        " G: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /b, Method: get, Auth: { Authorizer: NONE } } } } }",
        """
  Rest: { Type: AWS::Serverless::Api, Properties: { StageName: v1, DefinitionUri: api.yaml, Cors: "'*'" } }
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefinitionUri: api.yaml
      Auth:
        DefaultAuthorizer: T
        Authorizers: { T: { JwtConfiguration: { issuer: "https://i.example", audience: a }, AuthorizationScopes: [s] } }
  Far: { Type: AWS::Serverless::Api, Properties: { StageName: v1, DefinitionUri: far.yaml } }
  Cloud: { Type: AWS::Serverless::HttpApi, Properties: { DefinitionUri: "s3://bucket/api.yaml" } }
  Plain: { Type: AWS::ApiGateway::RestApi, Properties: { BodyS3Location: api.yaml } }
  Gone: { Type: AWS::ApiGateway::RestApi, Properties: { BodyS3Location: { Bucket: b, Key: k } } }
  Body: { Type: AWS::ApiGatewayV2::Api, Properties: { Body: { paths: {} } } }
  Away: { Type: AWS::ApiGatewayV2::Api, Properties: { BodyS3Location: { Bucket: b, Key: k } } }
""",
    )
    keys = {name: [(route.key, route.authorizer) for route in api.routes] for name, api in stack.apis.items()}
    assert keys["Rest"] == [("GET /a", ""), ("OPTIONS /a", "")]
    assert keys["Http"] == [("GET /a", "T"), ("OPTIONS /a", ""), ("GET /b", "")]
    assert keys["Plain"] == [("GET /a", ""), ("OPTIONS /a", "")]
    assert stack.apis["Http"].authorizers["T"].audience == ("a",)
    assert [route.integration.kind for route in stack.apis["Far"].routes] == ["http", "http"]
    notes = " ".join(stack.notes)
    for said in (
        "Cloud's definition is in S3",
        "Gone's definition is in S3",
        "Away's definition is in S3",
        "the integration's URI is no function of this template: 'arn:aws:lambda:us-east-1:1:function:else'",
        "Plain has no stage in this template: prod is taken",
        "Body has no stage in this template: $default is taken",
    ):
        assert said in notes


def test_security_schemes_are_authorizers(folder: Path) -> None:
    stack = one(
        folder,
        "{}",
        """
  Rest:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Body:
        security: [{ pool: [] }]
        components:
          securitySchemes:
            pool:
              type: apiKey
              name: X-Token
              in: header
              x-amazon-apigateway-authorizer: { type: cognito_user_pools, providerARNs: ["arn:aws:cognito-idp:eu-west-1:1:userpool/eu-west-1_x"] }
            token:
              type: apiKey
              name: X-Ticket
              in: header
              x-amazon-apigateway-authorizer: { type: token, authorizerUri: !GetAtt F.Arn, authorizerResultTtlInSeconds: 5 }
        paths:
          /pool: { get: { x-amazon-apigateway-integration: { type: mock } } }
          /token: { get: { security: [{ token: [] }], x-amazon-apigateway-integration: { type: mock } } }
          /open: { get: { security: [], x-amazon-apigateway-integration: { type: mock } } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Rest, StageName: v1 } }
  Sam:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Auth:
        Authorizers:
          Pool: { UserPoolArn: !GetAtt Users.Arn, Identity: { Header: X-Pool } }
          Nobody: { FunctionArn: "arn:aws:lambda:us-east-1:1:function:else" }
          Role: { FunctionArn: !GetAtt F.Arn, FunctionInvokeRole: "arn:aws:iam::1:role/r", FunctionPayloadType: REQUEST, Identity: { Headers: [a], StageVariables: [b], Context: [path] } }
  Users: { Type: AWS::Cognito::UserPool }
""",
    )
    rest, sam = stack.apis["Rest"], stack.apis["Sam"]
    assert [(route.path, route.authorizer) for route in rest.routes] == [
        ("/pool", "pool"), ("/token", "token"), ("/open", ""),
    ]  # fmt: skip
    pool, token = rest.authorizers["pool"], rest.authorizers["token"]
    assert (pool.identity, pool.issuer) == (
        ("header.X-Token",), "https://cognito-idp.eu-west-1.amazonaws.com/eu-west-1_x",
    )  # fmt: skip
    assert (token.identity, token.seconds, token.function) == (("header.X-Ticket",), 5, "F")
    assert sam.authorizers["Pool"].identity == ("header.X-Pool",)
    assert sam.authorizers["Pool"].issuer.endswith("/us-east-1_Users")
    assert sam.authorizers["Role"].identity == ("header.a", "stageVariables.b", "context.path")
    assert [each.name for each in stack.permissions] == []
    assert any("the authorizer Nobody is no function of this template" in note for note in stack.notes)


def test_a_web_socket_api_of_sam_has_its_routes_and_its_authorizer(folder: Path) -> None:
    stack = one(
        folder,
        "{}",
        """
  Chat:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.a
      Auth: { AuthType: CUSTOM, AuthArn: !GetAtt F.Arn, IdentitySource: [route.request.header.Authorization] }
      Routes:
        $connect: { FunctionArn: !GetAtt F.Arn, IntegrationTimeout: 2000 }
        say: { FunctionArn: !GetAtt F.Arn, RouteResponseSelectionExpression: $default }
        far: { FunctionArn: "arn:aws:lambda:us-east-1:1:function:else" }
  Signed:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.a
      Auth: { AuthType: AWS_IAM }
      Routes: { $connect: { FunctionArn: !GetAtt F.Arn } }
  Role:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.a
      Auth: { AuthType: CUSTOM, AuthArn: !GetAtt F.Arn, InvokeRole: "arn:aws:iam::1:role/r" }
      Routes: { $connect: { FunctionArn: !GetAtt F.Arn } }
""",
    )
    chat = stack.apis["Chat"]
    assert [(route.path, route.authorizer, route.response, route.integration.seconds) for route in chat.routes] == [
        ("$connect", "Authorizer", False, 2.0),
        ("say", "", True, None),
    ]
    assert chat.authorizers["Authorizer"].identity == ("header.Authorization",)
    assert chat.stages[0].name == "default"
    assert stack.apis["Signed"].routes[0].authorizer == "AWS_IAM"
    assert [each.name for each in stack.permissions] == [
        "ChatconnectPermission",
        "ChatsayPermission",
        "ChatAuthorizerAuthorizerPermission",
        "SignedconnectPermission",
        "RoleconnectPermission",
    ]


def test_preflights_of_sams_cors_are_as_sam_makes_them(folder: Path) -> None:
    stack = one(
        folder,
        "{ Events: { A: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /a, Method: post } },"
        " B: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /b, Method: options } } } }",
        """
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      Auth: { DefaultAuthorizer: AWS_IAM }
      Cors: { AllowMethods: "'POST'", AllowCredentials: true }
""",
    )
    made = [route for route in stack.apis["Rest"].routes if route.integration.kind == "mock"]
    assert [(route.path, route.authorizer) for route in made] == [("/a", "AWS_IAM")]
    assert made[0].integration.responses["default"]["headers"] == {
        "Access-Control-Allow-Methods": "'POST'",
        "Access-Control-Allow-Origin": "'*'",
        "Access-Control-Allow-Credentials": "'true'",
    }


def test_what_belongs_to_something_outside_of_the_template_is_said(folder: Path) -> None:
    stack = one(
        folder,
        "{ FunctionUrlConfig: { AuthType: NONE, InvokeMode: RESPONSE_STREAM } }",
        """
  Stage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: far, StageName: v1 } }
  Guard: { Type: AWS::ApiGatewayV2::Authorizer, Properties: { ApiId: far, AuthorizerType: JWT } }
  Route: { Type: AWS::ApiGatewayV2::Route, Properties: { ApiId: far, RouteKey: GET / } }
  Old: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: far, StageName: v1 } }
  OldGuard: { Type: AWS::ApiGateway::Authorizer, Properties: { RestApiId: far, Type: TOKEN } }
  OldAnswer: { Type: AWS::ApiGateway::GatewayResponse, Properties: { RestApiId: far, ResponseType: DEFAULT_4XX } }
  OldMethod: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: far, HttpMethod: GET } }
  Rest: { Type: AWS::ApiGateway::RestApi }
  Lost: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Rest, ResourceId: far, HttpMethod: GET } }
  Root: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Rest, ResourceId: !GetAtt Rest.RootResourceId, HttpMethod: GET, AuthorizationType: AWS_IAM } }
  Mapping: { Type: AWS::ApiGateway::BasePathMapping, Properties: { RestApiId: far, DomainName: a.example.com } }
  Right: { Type: AWS::Lambda::Permission, Properties: { FunctionName: far, Action: lambda:InvokeFunction, Principal: "*" } }
  Url: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: far, AuthType: NONE } }
  Alias: { Type: AWS::Lambda::Alias, Properties: { FunctionName: !Ref F, Name: live, FunctionVersion: !GetAtt Version.Version } }
  Version: { Type: AWS::Lambda::Version, Properties: { FunctionName: !Ref F } }
  Second: { Type: AWS::Lambda::Url, Properties: { TargetFunctionArn: !Ref Alias, AuthType: AWS_IAM } }
  Bucket: { Type: AWS::S3::Bucket }
Outputs:
  Alias: { Value: !Ref Alias }
  Version: { Value: !Ref Version }
  Second: { Value: !GetAtt Second.FunctionUrl }
  Live: { Value: !Ref F.Alias }
  First: { Value: !Sub "${F.Version}" }
  Bucket: { Value: !GetAtt Bucket.DomainName }
  Gone: { Condition: Never, Value: x }
Conditions: { Never: !Equals [1, 2] }
""",
    )
    assert list(stack.notes) == [
        "line 7: Stage belongs to an API outside of this template",
        "line 8: Guard belongs to an API outside of this template",
        "line 9: Route belongs to an API outside of this template",
        "line 10: Old belongs to an API outside of this template",
        "line 11: OldGuard belongs to an API outside of this template",
        "line 12: OldAnswer belongs to an API outside of this template",
        "line 13: OldMethod belongs to an API outside of this template",
        "line 14: Rest has no stage in this template: prod is taken",
        "line 15: Lost is a method of no resource of this template",
        "line 17: Mapping maps an API outside of this template",
        "line 18: Right is of no function of this template",
        "line 23: Bucket (AWS::S3::Bucket) is not served here",
    ]
    arn = "arn:aws:lambda:us-east-1:123456789012:function:F"
    assert stack.outputs == {
        "Alias": f"{arn}:live",
        "Version": f"{arn}:1",
        "Second": "https://f.lambda-url.us-east-1.on.aws/",
        "Live": f"{arn}:live",
        "First": f"{arn}:1",
        "Bucket": "Bucket.s3.amazonaws.com",
    }
    assert [(route.key, route.authorizer) for route in stack.apis["Rest"].routes] == [("GET /", "AWS_IAM")]
    assert stack.apis["Second"].signed
    assert stack.apis["FUrl"].routes[0].integration.streaming


def test_events_of_every_kind_know_their_sources(folder: Path) -> None:
    stack = one(
        folder,
        """
      Events:
        Jobs: { Type: SQS, Properties: { Queue: !GetAtt Queue.Arn } }
        News: { Type: SNS, Properties: { Topic: !Ref Topic } }
        Files: { Type: S3, Properties: { Bucket: !Ref Bucket, Events: "s3:ObjectCreated:*" } }
        Logs: { Type: CloudWatchLogs, Properties: { LogGroupName: /aws/x } }
        Orders: { Type: EventBridgeRule, Properties: { Pattern: { source: [shop] } } }
        Off: { Type: Schedule, Properties: { Schedule: rate(1 day), Enabled: false } }
        Later: { Type: ScheduleV2, Properties: { ScheduleExpression: rate(1 day), State: DISABLED } }
""",
        "  Queue: { Type: AWS::SQS::Queue }\n  Topic: { Type: AWS::SNS::Topic }\n  Bucket: { Type: AWS::S3::Bucket }\n",
    )
    assert [(each.name, each.kind, each.source, each.enabled) for each in stack.events] == [
        ("F/Jobs", "sqs", "arn:aws:sqs:us-east-1:123456789012:Queue", True),
        ("F/News", "sns", "arn:aws:sns:us-east-1:123456789012:Topic", True),
        ("F/Files", "s3", "arn:aws:s3:::Bucket", True),
        ("F/Logs", "cloudwatch-logs", "/aws/x", True),
        ("F/Orders", "eventbridge", "", True),
        ("F/Off", "schedule", "", False),
        ("F/Later", "scheduler", "", False),
    ]
    assert list(stack.notes) == []


def test_sources_are_called_by_their_logical_ids_and_by_their_names(folder: Path) -> None:
    stack = one(
        folder,
        """
      Events:
        Jobs: { Type: SQS, Properties: { Queue: !GetAtt Queue.Arn } }
        Files: { Type: S3, Properties: { Bucket: !Ref Bucket, Events: "s3:ObjectCreated:*" } }
        Items: { Type: DynamoDB, Properties: { Stream: !GetAtt Table.StreamArn, StartingPosition: LATEST } }
        Far: { Type: SQS, Properties: { Queue: "arn:aws:sqs:us-east-1:1:far" } }
""",
        """
  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: jobs.fifo } }
  Bucket: { Type: AWS::S3::Bucket, Properties: { BucketName: files } }
  Table: { Type: AWS::DynamoDB::Table, Properties: { TableName: items } }
""",
    )
    assert [each.origin for each in stack.events] == ["Queue", "Bucket", "Table", ""]
    for event, called in zip(stack.events, ("jobs.fifo", "files", "items", "far"), strict=True):
        assert {called, event.name} | ({event.origin} if event.origin else set()) <= names(event)
    assert "" not in names(stack.events[3])


def test_what_requests_are_not_checked_against_is_said(folder: Path) -> None:
    stack = one(
        folder,
        """
      Events:
        Checked:
          Type: Api
          Properties: { RestApiId: !Ref Sam, Path: /, Method: post, RequestModel: { Model: M, ValidateBody: true } }
        Shown: { Type: Api, Properties: { RestApiId: !Ref Sam, Path: /, Method: get, RequestModel: { Model: M } } }
""",
        """
  Sam: { Type: AWS::Serverless::Api, Properties: { StageName: v1, Auth: { ResourcePolicy: { IpRangeBlacklist: [1.2.3.4] } } } }
  Plain: { Type: AWS::ApiGateway::RestApi, Properties: { Name: plain, Policy: { Statement: [] } } }
  Stage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Plain, StageName: v1 } }
  Method: { Type: AWS::ApiGateway::Method, Properties: { RestApiId: !Ref Plain, ResourceId: !GetAtt Plain.RootResourceId, HttpMethod: GET, RequestValidatorId: v, Integration: { Type: MOCK } } }
  Http: { Type: AWS::Serverless::HttpApi, Properties: { DefinitionBody: { paths: { /: { post: { x-amazon-apigateway-integration: { type: aws_proxy, integrationSubtype: SQS-SendMessage } } } } } } }
""",
    )
    assert {note.partition(": ")[2] for note in stack.notes} == {
        "requests of F.Checked are not checked here against its RequestModel",
        "Sam's resource policy is not looked at here: it lets everybody in",
        "Plain's resource policy is not looked at here: it lets everybody in",
        "requests of Method are not checked here against its RequestValidatorId",
        "an integration with SQS-SendMessage is answered with 501",
    }


def test_stages_are_referred_to_by_their_names(folder: Path) -> None:
    stack = one(
        folder,
        "{ Events: { A: { Type: Api, Properties: { Path: /, Method: get } }, H: { Type: HttpApi } } }",
        """
  Shop: { Type: AWS::Serverless::Api, Properties: { StageName: live } }
  Web: { Type: AWS::Serverless::HttpApi }
  Plain: { Type: AWS::ApiGateway::RestApi, Properties: { Name: plain } }
  PlainStage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Plain, StageName: prod } }
  Second: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref Web, StageName: second } }
  Domain: { Type: AWS::ApiGateway::DomainName, Properties: { DomainName: shop.example.com } }
Outputs:
  All:
    Value: !Join
      - " "
      - - !Ref PlainStage
        - !Ref Second
        - !Ref Shop.Stage
        - !Ref ShopliveStage
        - !Ref WebApiGatewayDefaultStage
        - !Ref ServerlessRestApiProdStage
        - !Ref ServerlessHttpApiApiGatewayDefaultStage
        - !Ref Domain
  Unknown: { Value: !Ref ShopOtherStage }
""",
    )
    assert stack.outputs == {"All": "prod second live live $default Prod $default shop.example.com"}


def test_what_a_permission_says_of_a_stage_by_its_reference_counts(folder: Path) -> None:
    """Templates that AWS's CDK makes have the stage in the permission's ARN, as a reference."""
    integration = "{ Type: AWS_PROXY, Uri: !Sub 'arn:aws:apigateway:x:lambda:path/x/functions/${F.Arn}/invocations' }"
    arn = "arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Plain}/${Stage}/*/"
    path = folder / "template.yaml"
    path.write_text(f"""
Resources:
  F: {{ Type: AWS::Lambda::Function, Properties: {{ Runtime: python3.13, Handler: app.handler, Code: . }} }}
  Plain: {{ Type: AWS::ApiGateway::RestApi, Properties: {{ Name: plain }} }}
  Stage: {{ Type: AWS::ApiGateway::Stage, Properties: {{ RestApiId: !Ref Plain, StageName: prod }} }}
  Method: {{ Type: AWS::ApiGateway::Method, Properties: {{ RestApiId: !Ref Plain, ResourceId: !GetAtt Plain.RootResourceId, HttpMethod: ANY, Integration: {integration} }} }}
  Permission: {{ Type: AWS::Lambda::Permission, Properties: {{ Action: lambda:InvokeFunction, FunctionName: !Ref F, Principal: apigateway.amazonaws.com, SourceArn: !Sub "{arn}" }} }}
""")
    (folder / "app.py").write_text("def handler(event, context): return {'statusCode': 200}")
    with TestClient(Template(path).app()) as client:
        assert client.get("/prod/").status_code == 200
