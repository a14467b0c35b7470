"""The page for everybody."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from shelf.models import Book


def index(request: HttpRequest) -> HttpResponse:
    """All books, and how often this visitor was here."""
    visits = request.session.get("visits", 0) + 1
    request.session["visits"] = visits
    return render(request, "shelf/index.html", {"books": Book.objects.all(), "visits": visits})
