"""The words all parts of the project share. Nothing here imports torch, a server or a database."""
