"""The Scheduler report of a pull request: what changes, what breaks, and whom to talk to."""
