"""Acts: changes to a cluster that the user can request."""
