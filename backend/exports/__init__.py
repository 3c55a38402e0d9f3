"""Exports: a round's labels in the format of another tool, made by a job, as one file to download."""
