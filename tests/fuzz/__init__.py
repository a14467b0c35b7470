"""The core's Python-free path, from a socket's bytes to the response's, fed by libFuzzer."""
