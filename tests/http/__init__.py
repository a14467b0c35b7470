"""The server over the wire: exact bytes in, exact responses out."""
