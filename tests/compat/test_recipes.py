"""docs/recipes.md: its snippets run, and what they make works."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..frameworks.client import Client
from ..frameworks.events import HTTP_V2, REST

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs/recipes.md").read_text(encoding="utf-8")


def section(title: str, names: dict[str, Any]) -> dict[str, Any]:
    """Run the snippets of a section."""
    text = PAGE.partition(f"## {title}")[2].partition("\n## ")[0]
    for code in re.findall(r"^```python\n(.*?)^```$", text, re.DOTALL | re.MULTILINE):
        exec(code, names)
    return names


def test_every_section_is_run() -> None:
    titles = re.findall(r"^## (.*)$", PAGE, re.MULTILINE)
    assert titles == ["Dash", "MCP servers", "Django: static files behind a stage"]


def test_dash() -> None:
    page = Client(section("Dash", {})["handler"], REST).get("/").text
    assert '<script src="/prod/_dash-component-suites/' in page


def test_mcp() -> None:
    handler = section("MCP servers", section("Dash", {}))["handler"]
    client = Client(handler, HTTP_V2)
    assert client.get("/mcp").status == 405
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
    headers = [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")]
    answer = client.request("POST", "/mcp", "", headers, json.dumps(message).encode()).json
    assert [tool["name"] for tool in answer["result"]["tools"]] == ["add"]
    handler.close()


DJANGO = """
import django
from django.conf import settings as configured
from django.urls import path
{snippet}
configured.configure(
    **settings, ALLOWED_HOSTS=["*"], SECRET_KEY="x", ROOT_URLCONF=__name__, INSTALLED_APPS=[
        "django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.messages",
        "django.contrib.sessions", "django.contrib.staticfiles",
    ],
    MIDDLEWARE=[
        "whitenoise.middleware.WhiteNoiseMiddleware", "django.contrib.sessions.middleware.SessionMiddleware",
        "django.contrib.auth.middleware.AuthenticationMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ],
    TEMPLATES=[{{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {{
        "context_processors": [
        "django.template.context_processors.request", "django.contrib.auth.context_processors.auth",
        "django.contrib.messages.context_processors.messages"]}}}}],
    SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies", WHITENOISE_USE_FINDERS=True,
    WHITENOISE_AUTOREFRESH=True,
)
django.setup()
from django.contrib import admin
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
urlpatterns = [path("admin/", admin.site.urls)]
from bridge import Bridge
from tests.frameworks.client import Client
from tests.frameworks.events import REST
import re
for app in (get_wsgi_application(), get_asgi_application()):
    client = Client(Bridge(app), REST)
    page = client.get("/admin/login/").text
    (link,) = re.findall(r'href="([^"]*admin/css/base.css)"', page)
    print(link, client.get(link.removeprefix("/prod")).status)
"""


def test_django() -> None:
    (snippet,) = re.findall(r"^```python\n(.*?)^```$", PAGE.partition("## Django")[2], re.DOTALL | re.MULTILINE)
    code = DJANGO.format(snippet=snippet)
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.stdout == "/prod/static/admin/css/base.css 200\n" * 2, done.stderr
