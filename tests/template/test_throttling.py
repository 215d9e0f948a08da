from __future__ import annotations

import time
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bridge.gateway import Template
from bridge.gateway._template.throttling import Bucket, Limits, Throttle

TEMPLATE = """
Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      Handler: index.handler
      InlineCode: "def handler(event, context): return {'statusCode': 200}"
      Events:
        A: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /a, Method: get } }
        B: { Type: HttpApi, Properties: { ApiId: !Ref Http, Path: /b, Method: get } }
        C: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /c, Method: get, Auth: { ApiKeyRequired: true } } }
        D: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /d, Method: get } }
        E: { Type: Api, Properties: { RestApiId: !Ref Rest, Path: /e, Method: get } }
  Http:
    Type: AWS::Serverless::HttpApi
    Properties:
      DefaultRouteSettings: { ThrottlingBurstLimit: 2, ThrottlingRateLimit: 0.001 }
      RouteSettings: { GET /b: { ThrottlingBurstLimit: 1, ThrottlingRateLimit: 0.001 }, GET /c: { Other: 1 } }
  Rest:
    Type: AWS::Serverless::Api
    Properties:
      StageName: v1
      MethodSettings: [{ ResourcePath: /~1d, HttpMethod: GET, ThrottlingBurstLimit: 1, ThrottlingRateLimit: 0.001 }]
      Auth: { UsagePlan: { CreateUsagePlan: PER_API, Quota: { Limit: 2, Period: DAY } } }
  Plan: { Type: AWS::ApiGateway::UsagePlan, Properties: { ApiStages: [{ ApiId: far, Stage: v1 }] } }
  Old: { Type: AWS::ApiGateway::RestApi }
  OldPlan: { Type: AWS::ApiGateway::UsagePlan, Properties: { ApiStages: [{ ApiId: !Ref Old, Stage: v1 }], Throttle: { RateLimit: 0.001, BurstLimit: 3 } } }
  OldStage: { Type: AWS::ApiGateway::Stage, Properties: { RestApiId: !Ref Old, StageName: v1, MethodSettings: [{ ResourcePath: "/*", HttpMethod: "*", ThrottlingRateLimit: 7 }] } }
  New: { Type: AWS::ApiGatewayV2::Api, Properties: { Name: new, ProtocolType: HTTP } }
  NewStage: { Type: AWS::ApiGatewayV2::Stage, Properties: { ApiId: !Ref New, StageName: v1, DefaultRouteSettings: { ThrottlingBurstLimit: 5 } } }
"""  # noqa: E501 - a resource is a line


@pytest.fixture
def template(tmp_path: Path) -> Template:
    (tmp_path / "template.yaml").write_text(TEMPLATE)
    return Template(tmp_path / "template.yaml")


def test_a_stage_and_its_routes_take_so_many_requests(template: Template) -> None:
    with TestClient(template.app("Http")) as client:
        answers = [client.get(path) for path in ("/a", "/b", "/a", "/a", "/b")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert answers[-1].json() == {"message": "Too Many Requests"}


def test_a_usage_plan_takes_so_many_requests_of_a_key(template: Template) -> None:
    headers = {"x-api-key": "RestApiKey"}
    with TestClient(template.app("Rest")) as client:
        answers = [client.get("/v1/c", headers=headers) for _ in range(3)]
        assert [answer.status_code for answer in answers] == [200, 200, 429]
        assert answers[-1].json() == {"message": "Limit Exceeded"}
        assert [client.get("/v1/d").status_code for _ in range(2)] == [200, 429]
        assert [client.get("/v1/e").status_code for _ in range(2)] == [200, 200]


def test_limits_are_read_of_cloudformations_resources_too(template: Template) -> None:
    apis = template._stack.apis
    assert apis["Old"].limits == Limits(routes={"": (7, 7)}, plan=(0.001, 3))
    assert apis["New"].limits == Limits(routes={"": (0, 5)})


def test_a_bucket_fills_at_its_rate_and_no_further_than_its_burst() -> None:
    now = 0.0
    bucket = Bucket(2, 3, lambda: now)
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]
    now = 0.5
    assert [bucket.take() for _ in range(2)] == [True, False]
    now = 100
    assert [bucket.take() for _ in range(4)] == [True, True, True, False]


def test_a_key_has_its_own_rate_and_a_quota_ends_with_its_period(monkeypatch: pytest.MonkeyPatch) -> None:
    throttle = Throttle(Limits(plan=(0.001, 1)))
    assert [throttle.refuses_key(key) for key in ("a", "a", "b")] == ["", "THROTTLED", ""]
    throttle = Throttle(Limits(quota=(1, 10.0)))
    assert [throttle.refuses_key("a") for _ in range(2)] == ["", "QUOTA_EXCEEDED"]
    later = time.monotonic() + 11
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert throttle.refuses_key("a") == ""
    assert Throttle(Limits()).refuses_key("a") == ""
