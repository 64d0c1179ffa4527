"""Incident bundles: what is known of a job in trouble, collected within bounds, in one zip file."""
