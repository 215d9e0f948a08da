from typing import Any

import django
from django.conf import settings
from django.core.asgi import get_asgi_application
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect as redirect_to
from django.urls import path, reverse

from . import BINARY

settings.configure(
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="compat",
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
    INSTALLED_APPS=["django.contrib.staticfiles", "rest_framework"],
    REST_FRAMEWORK={"DEFAULT_AUTHENTICATION_CLASSES": [], "UNAUTHENTICATED_USER": None},
    MIDDLEWARE=["whitenoise.middleware.WhiteNoiseMiddleware", "django.middleware.common.CommonMiddleware"],
    TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
    STATIC_URL="/static/",
    WHITENOISE_USE_FINDERS=True,
    WHITENOISE_AUTOREFRESH=True,
    STATICFILES_FINDERS=["django.contrib.staticfiles.finders.AppDirectoriesFinder"],
)
django.setup()

from rest_framework.decorators import api_view  # noqa: E402
from rest_framework.request import Request  # noqa: E402
from rest_framework.response import Response  # noqa: E402
from rest_framework.reverse import reverse as rest_reverse  # noqa: E402


def items(request: HttpRequest, name: str) -> HttpResponse:
    return JsonResponse({"name": name, "q": request.GET.get("q")})


def link(request: HttpRequest) -> HttpResponse:
    return JsonResponse(
        {"url": request.build_absolute_uri(reverse(items, args=["a"])), "request": request.build_absolute_uri()}
    )


def redirect(request: HttpRequest) -> HttpResponse:
    return redirect_to(items, "a")


def cookies(request: HttpRequest) -> HttpResponse:
    response = JsonResponse(request.COOKIES)
    response.set_cookie("session", "abc")
    response.set_cookie("theme", "dark")
    return response


def upload(request: HttpRequest) -> HttpResponse:
    return JsonResponse([len(file.read()) for file in request.FILES.getlist("files")], safe=False)  # type: ignore[union-attr]


def download(request: HttpRequest) -> HttpResponse:
    return HttpResponse(BINARY, content_type="application/octet-stream")


def error(request: HttpRequest) -> HttpResponse:
    raise ValueError("boom")


@api_view(["GET", "POST"])
def rest(request: Request) -> Response:
    data: Any = request.data
    return Response({"data": data, "self": rest_reverse("rest", request=request)})


urlpatterns = [
    path("items/<path:name>", items),
    path("link", link),
    path("redirect", redirect),
    path("cookies", cookies),
    path("upload", upload),
    path("download", download),
    path("error", error),
    path("rest/", rest, name="rest"),
]
asgi = get_asgi_application()
wsgi = get_wsgi_application()
