"""Alerts: what is said to a team when something fails, is late, or goes on again."""
