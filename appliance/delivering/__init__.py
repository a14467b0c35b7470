"""What is handed over beside a program: container images, bills of material, terms, checksums."""
