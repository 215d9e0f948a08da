"""Every framework behind every API: the table of docs/compatibility.md."""

import pytest

from ..frameworks.client import Client
from .contract import APIS, FEATURES, FRAMEWORKS, Framework, has, source_of

CASES = [
    pytest.param(framework, api, feature, id=f"{framework.name}-{framework.interface}-{APIS[api]}-{feature}")
    for framework in FRAMEWORKS
    for api in APIS
    for feature in FEATURES
    if has(framework, feature)
]


@pytest.mark.parametrize(("framework", "api", "feature"), CASES)
def test_a_framework_does_behind_an_api_what_it_does_elsewhere(framework: Framework, api: str, feature: str) -> None:
    FEATURES[feature](Client(framework.handler, source_of(api)), framework)
