"""Generated street scenes in two looks, with exact ground truth (class space STREETS)."""

from hiast.data.streets.scene import render_scene

__all__ = ["render_scene"]
