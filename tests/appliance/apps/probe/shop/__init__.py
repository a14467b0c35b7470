"""A package of the app's own."""

from . import prices as prices
