"""Commands that need no terminal: for scripts, and for people in a hurry."""
