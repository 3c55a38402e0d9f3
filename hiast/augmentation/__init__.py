"""What happens to images and pseudo-labels before the student sees them."""

from hiast.augmentation.feature_mixing import mix_hard_class_features
from hiast.augmentation.fourier import fourier_style_transfer
from hiast.augmentation.hard_class_paste import paste_hard_classes
from hiast.augmentation.normalisation import normalise
from hiast.augmentation.source_jitter import jitter_colours
from hiast.augmentation.views import strong_view, weak_view

__all__ = [
    "fourier_style_transfer",
    "jitter_colours",
    "mix_hard_class_features",
    "normalise",
    "paste_hard_classes",
    "strong_view",
    "weak_view",
]
