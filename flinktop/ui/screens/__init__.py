"""One file per place a person can be."""
