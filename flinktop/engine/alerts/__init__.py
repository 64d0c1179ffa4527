"""Alerts: findings that somebody should hear of, and how they call."""
