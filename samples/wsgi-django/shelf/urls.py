"""Which page is where."""

from django.contrib import admin
from django.urls import path
from django.views.generic import RedirectView

from shelf import views

ICON = RedirectView.as_view(url="/static/admin/img/icon-viewlink.svg")

urlpatterns = [path("", views.index), path("admin/", admin.site.urls), path("favicon.ico", ICON)]
