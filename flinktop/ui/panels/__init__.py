"""One file per thing a person can look at."""
