"""What is pasted where: hard classes, their donors, and the random numbers both are drawn with.

No torch here, so that the service can tell beforehand what a training will do.
"""

from hiast.pasting.class_sampling import class_sampling_probabilities, hard_classes
from hiast.pasting.donors import Donor, donor_candidates, draw_donors
from hiast.pasting.source import PasteSource, donors_for, paste_source

__all__ = [
    "Donor",
    "PasteSource",
    "class_sampling_probabilities",
    "donor_candidates",
    "donors_for",
    "draw_donors",
    "hard_classes",
    "paste_source",
]
