"""Work for other processes."""
