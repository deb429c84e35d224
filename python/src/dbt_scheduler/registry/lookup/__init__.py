"""Answers from the registry for people and scripts: what there is, who makes it, and who reads it."""
