"""What is wrong with a team's files, and how it is said: findings, the catalogue of rules, formats."""
