"""What reads bytes of strangers, fed by libFuzzer: from a socket's bytes to the response's, and bundles."""
