"""What an app brings along: its files, its packages of PyPI, and their parts in C."""
