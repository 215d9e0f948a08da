"""A Django view that raises, with all that Django is told of as sensitive: the URLs for tests of error reports."""

from django.http import HttpRequest, HttpResponse
from django.urls import path as route
from django.views.decorators.debug import sensitive_post_parameters


@sensitive_post_parameters()
def fails(request: HttpRequest) -> HttpResponse:
    """Read the form, and raise."""
    raise RuntimeError(f"{len(request.POST)} fields")


urlpatterns = [route("fails", fails)]
"""Django's name."""
