"""Signed updates: bundles, and the ways on which they reach a device."""
