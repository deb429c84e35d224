"""The Scheduler report of a pull request: changes, breaking changes, and the affected teams."""
