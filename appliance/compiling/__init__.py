"""Static libraries and CPython, by the digest of all they are made of."""
