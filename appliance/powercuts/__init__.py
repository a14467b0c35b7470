"""The power is cut at every point of what a device writes, and what comes up is judged."""
