"""The pages to edit the shelf."""

from django.contrib import admin

from shelf.models import Book


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    """A list with a search and a filter by day."""

    list_display = ("title", "author", "added")
    list_filter = ("added",)
    search_fields = ("title", "author")
