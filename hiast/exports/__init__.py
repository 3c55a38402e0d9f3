"""Labels of a round in the formats of other tools. Every format says which ids its files hold."""

from hiast.exports.archive import EXPORT_FILE, zip_folder
from hiast.exports.export import FORMATS, check_classes, export_labels, find_format
from hiast.exports.label import ExportedLabel

__all__ = [
    "EXPORT_FILE",
    "FORMATS",
    "ExportedLabel",
    "check_classes",
    "export_labels",
    "find_format",
    "zip_folder",
]
