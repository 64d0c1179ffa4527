"""One file per thing a user can look at."""
