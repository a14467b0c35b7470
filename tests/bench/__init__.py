"""Benchmarks: figures for README and CHANGELOG, each beside a named peer of the same run."""
