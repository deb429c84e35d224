"""What people configure: a team's ``scheduler.yaml`` and the platform's ``platform.yaml``."""
