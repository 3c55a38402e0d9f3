"""Segmentation networks, their files on disk, and the mean teacher."""

from hiast.models.build import MODEL_NAMES, build_model
from hiast.models.checkpoints import load_model, save_checkpoint
from hiast.models.deeplab_v2 import DeepLabV2, backbone_and_head_parameters
from hiast.models.mean_teacher import make_teacher, update_teacher
from hiast.models.placement import place
from hiast.models.resnet import freeze_batch_norm
from hiast.models.weights import LoadReport, load_weights

__all__ = [
    "MODEL_NAMES",
    "DeepLabV2",
    "LoadReport",
    "backbone_and_head_parameters",
    "build_model",
    "freeze_batch_norm",
    "load_model",
    "load_weights",
    "make_teacher",
    "place",
    "save_checkpoint",
    "update_teacher",
]
