"""Finds the tables that projects already read from each other, and proposes what makes these reads visible."""

from dbt_scheduler.adopt.loading import Subject, load_subjects
from dbt_scheduler.adopt.proposal import propose

__all__ = ["Subject", "load_subjects", "propose"]
