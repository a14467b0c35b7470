"""What is kept. After a change: `python -m django makemigrations` on this machine."""

from django.db import models


class Book(models.Model):
    """One on the shelf."""

    title = models.CharField(max_length=200)
    author = models.CharField(max_length=200)
    added = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return f"{self.title}, {self.author}"
