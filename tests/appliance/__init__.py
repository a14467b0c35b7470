"""The builder, file by file."""
