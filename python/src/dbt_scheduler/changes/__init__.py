"""What changes between two compiled versions of a team: its promises to others, and its DAGs."""
