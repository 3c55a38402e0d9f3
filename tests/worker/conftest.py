"""Stores on a real S3 server."""

from tests.servers.stores import open_s3, s3

__all__ = ["open_s3", "s3"]
