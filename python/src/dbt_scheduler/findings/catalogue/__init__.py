"""Rules with their messages and documentation, one module per family.

Here are the rules that are found while files are read, and those that the dbt macros or several commands
find. A rule about the graph is in the module of its check.
"""
