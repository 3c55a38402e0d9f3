"""Generated street scenes in two looks, with exact ground truth (class space STREETS)."""

from hiast.data.streets.scene import render_scene
from hiast.data.streets.writing import write_streets

__all__ = ["render_scene", "write_streets"]
