"""Labels of a round in the formats of other tools. Every format says which ids its files hold."""

from hiast.exports.export import FORMATS, export_labels
from hiast.exports.label import ExportedLabel

__all__ = ["FORMATS", "ExportedLabel", "export_labels"]
