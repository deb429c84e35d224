"""Rules with their messages and documentation, one module per family.

These are the rules of reading files, of the dbt macros, and of several commands; a rule about the graph is in
the module of its check.
"""
