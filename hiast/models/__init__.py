"""Segmentation networks, their files on disk, the mean teacher, and the discriminator."""

from hiast.models.build import MODEL_NAMES, build_model
from hiast.models.checkpoints import load_model, save_checkpoint
from hiast.models.deeplab_v2 import DeepLabV2
from hiast.models.discriminator import Discriminator
from hiast.models.load_report import LoadReport
from hiast.models.mean_teacher import make_teacher, update_teacher
from hiast.models.placement import place
from hiast.models.resnet import freeze_batch_norm
from hiast.models.segformer import SegFormer
from hiast.models.segmentation_model import SegmentationModel, backbone_and_head_parameters, unwrapped
from hiast.models.transformers_weights import load_hub_weights
from hiast.models.weights import load_weights

__all__ = [
    "MODEL_NAMES",
    "DeepLabV2",
    "Discriminator",
    "LoadReport",
    "SegFormer",
    "SegmentationModel",
    "backbone_and_head_parameters",
    "build_model",
    "freeze_batch_norm",
    "load_hub_weights",
    "load_model",
    "load_weights",
    "make_teacher",
    "place",
    "save_checkpoint",
    "unwrapped",
    "update_teacher",
]
