"""One file per place a user can be."""
