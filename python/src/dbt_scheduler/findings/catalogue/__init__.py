"""Finding codes with their words and their documentation, one module per family.

Here are the rules that are found while files are read, and those that the dbt macros or several commands find.
A rule of the graph stands with its check.
"""
