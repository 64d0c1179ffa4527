"""Commands without a user interface, for scripts."""
