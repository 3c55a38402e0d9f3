"""All that the viewer draws of a label, in one answer: its three files almost as they are stored.

Nothing is decoded here, so an answer costs little more than reading the files; the viewer decodes
(viewer/pixels_worker.js). The body: a header (`HEADER`, little endian), the prediction as a paletted PNG
of class ids, the reasons as one of reason ids, then the confidence codes: row-wise differences, low
bytes of all pixels first, high bytes behind.
"""

from __future__ import annotations

import struct
from typing import Final

import numpy as np
import zstandard

from backend.labels.layer_encoding import takes_zstd
from backend.labels.layers import LabelFiles
from hiast.contracts.labels import Reason
from hiast.data import label_files
from hiast.data.measurement_files import StoredMeasurement

HEADER: Final = struct.Struct("<4sB3xIIIII")
"""Magic, version, height, width, then the lengths of prediction, reason and confidence codes in bytes."""
MAGIC: Final = b"HSPX"
VERSION: Final = 1


def pack(files: LabelFiles, accept_encoding: str | None) -> tuple[bytes, dict[str, str]]:
    """The body and the headers that say how it travels. Raises UserError for damaged files.

    A client that takes zstandard gets the codes' frame as it lies on disk behind a frame of the rest;
    frames that follow each other are one stream (RFC 8878, 3.1).
    """
    directory = files.local("prediction", "confidence")
    prediction = label_files.read_stored(directory, files.name, "prediction")
    reason = label_files.read_stored(files.reasons(), files.name, "reason")
    content = label_files.read_stored(directory, files.name, "confidence")
    return _body(prediction, reason, label_files.unpack_codes(content, str(directory)), accept_encoding)


def pack_prediction(stored: StoredMeasurement, accept_encoding: str | None) -> tuple[bytes, dict[str, str]]:
    """`pack` for what a network says of an image without any threshold: every pixel is kept."""
    codes = label_files.unpack_codes(stored.confidence, stored.where)
    kept = np.full((codes.height, codes.width), Reason.KEPT, np.uint8)
    reason = label_files.encode_ids(kept, label_files.REASON_PALETTE)
    return _body(stored.prediction, reason, codes, accept_encoding)


def _body(
    prediction: bytes, reason: bytes, codes: label_files.PackedCodes, accept_encoding: str | None
) -> tuple[bytes, dict[str, str]]:
    sizes = (codes.height, codes.width, len(prediction), len(reason), 2 * codes.height * codes.width)
    head = HEADER.pack(MAGIC, VERSION, *sizes) + prediction + reason
    if not takes_zstd(accept_encoding):
        return head + codes.planes(), {}
    body = zstandard.compress(head, 1) + codes.frame
    return body, {"Content-Encoding": "zstd", "Vary": "Accept-Encoding"}
