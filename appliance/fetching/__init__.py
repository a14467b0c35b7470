"""Third-party files: which ones (recipes), where from (registries), and each by its sha256 (sources)."""
