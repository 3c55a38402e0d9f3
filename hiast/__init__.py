"""HIAST: hard-aware instance adaptive self-training for semantic segmentation.

Importing this package loads nothing heavy; torch comes in with the parts that compute.
"""

__version__ = "0.1.0"
