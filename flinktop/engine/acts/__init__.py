"""What can be done to a cluster: one file per act."""
