"""Django, once for both of its interfaces. Its views are synchronous, as most are."""

import json as jsons
from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any

import django
from django.conf import settings
from django.core.handlers.asgi import ASGIHandler, ASGIRequest
from django.core.handlers.wsgi import WSGIHandler
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse, StreamingHttpResponse
from django.urls import path as route, reverse

from . import CHUNKS, COOKIES, described

settings.configure(
    ALLOWED_HOSTS=["*"],
    LOGGING_CONFIG=None,
    MIDDLEWARE=["django.middleware.common.CommonMiddleware"],
    ROOT_URLCONF=__name__,
    SECRET_KEY="tests",
    SECURE_PROXY_SSL_HEADER=("HTTP_X_FORWARDED_PROTO", "https"),
)
django.setup()


def json(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return JsonResponse(jsons.loads(request.body), safe=False)
    return JsonResponse({"hello": "world"})


def path(request: HttpRequest, rest: str) -> HttpResponse:
    return JsonResponse({"rest": rest})


def query(request: HttpRequest) -> HttpResponse:
    return JsonResponse(dict(request.GET.lists()))


def cookies(request: HttpRequest) -> HttpResponse:
    return JsonResponse(request.COOKIES)


def set_cookies(request: HttpRequest) -> HttpResponse:
    response = HttpResponse()
    for cookie in COOKIES:
        response.cookies.load(cookie)
    return response


def redirect(request: HttpRequest) -> HttpResponse:
    return HttpResponseRedirect(reverse("json"))


def url(request: HttpRequest) -> HttpResponse:
    return JsonResponse({"url": request.build_absolute_uri(reverse("json")), "request": request.build_absolute_uri()})


def binary(request: HttpRequest) -> HttpResponse:
    return HttpResponse(bytes(range(256)), content_type="application/octet-stream")


def form(request: HttpRequest) -> HttpResponse:
    return JsonResponse(dict(request.POST.lists()))


def upload(request: HttpRequest) -> HttpResponse:
    files = request.FILES.getlist("files")
    return JsonResponse([described(file.name, file.read()) for file in files], safe=False)


def latin1(request: HttpRequest) -> HttpResponse:
    return HttpResponse(headers={"x-name": "café"})


def stream(request: HttpRequest) -> StreamingHttpResponse:
    def chunks() -> Iterator[bytes]:
        yield from CHUNKS

    async def chunks_asgi() -> AsyncIterator[bytes]:
        for chunk in CHUNKS:
            yield chunk

    return StreamingHttpResponse(
        chunks_asgi() if isinstance(request, ASGIRequest) else chunks(), content_type="text/plain"
    )


def slash(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def error(request: HttpRequest) -> HttpResponse:
    raise ValueError("boom")


def event(request: HttpRequest) -> HttpResponse:
    carrier: Mapping[str, Any] = request.scope if isinstance(request, ASGIRequest) else request.META
    return JsonResponse({"keys": sorted({"aws.event", "aws.context"} & carrier.keys())})


urlpatterns = [
    route("json", json, name="json"),
    route("path/<path:rest>", path),
    route("query", query),
    route("cookies", cookies),
    route("set-cookies", set_cookies),
    route("redirect", redirect),
    route("url", url),
    route("binary", binary),
    route("form", form),
    route("upload", upload),
    route("latin1", latin1),
    route("stream", stream),
    route("slash/", slash),
    route("error", error),
    route("event", event),
]

asgi = ASGIHandler()
wsgi = WSGIHandler()
