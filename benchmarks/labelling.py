"""Time of generating labels, files and all, against bare inference on the same images.

    OMP_NUM_THREADS=2 python benchmarks/labelling.py

Bare inference reads each image and runs the network on it, nothing else, in the plain loop one would
write. Labelling is `label_round` as runs use it: inference, thresholds, label files. In turn, in one
process, on generated street scenes; reported is the median of the ratios of neighbouring runs.
"""

from __future__ import annotations

import argparse
import itertools
import tempfile
from pathlib import Path

import torch
from measuring import in_turn

from hiast.augmentation.resizing import image_tensor
from hiast.contracts.datasets import DatasetSpec, StreetsOptions
from hiast.contracts.run_spec import RunSpec
from hiast.data import ImageSet, scan_dataset
from hiast.models import SegmentationModel, build_model, place
from hiast.rounds.device import choose_device, network_input
from hiast.rounds.run_round import label_round


def bare_inference(model: SegmentationModel, images: ImageSet, device: torch.device) -> None:
    for entry in images.entries:
        image = image_tensor(images.read_image(entry)).to(device)
        with torch.inference_mode():
            model(network_input(image[None]))


def compare(name: str, width: int, images: ImageSet, work: Path, runs: int) -> str:
    device = choose_device()
    torch.manual_seed(0)
    model = place(build_model(name, images.classes.num_classes, base_width=width), device).eval()
    spec = RunSpec.model_validate(
        {"name": "benchmark", "target": images.spec, "model": {"weights": "given"}}
    )

    directories = (work / str(number) for number in itertools.count())

    def labelling() -> None:
        label_round(
            spec, 1, model, images, next(directories),
            written=[], on_label=lambda _report: None, on_progress=lambda _progress: None,
        )  # fmt: skip

    measured = in_turn(labelling, lambda: bare_inference(model, images, device), runs)
    share = 1e3 / len(images.entries)
    return (
        f"ratio {measured.ratio:5.2f}   labelling {measured.ours * share:7.1f} ms an image"
        f"   inference {measured.theirs * share:7.1f} ms"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--images", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for name, width, height in (
            ("deeplab_v2_resnet18", 32, 256),
            ("deeplab_v2_resnet18", 64, 512),
            ("deeplab_v2_resnet101", 64, 512),
        ):
            root = Path(folder) / str(height)
            streets = StreetsOptions(count=options.images, seed=1, height=height, width=2 * height)
            # Unlabelled: scoring labels against a ground truth is not part of making them.
            spec = DatasetSpec(kind="streets", root=str(root / "images"), streets=streets, labelled=False)
            images = ImageSet.of(spec, scan_dataset(spec, lambda _progress: None))
            result = compare(name, width, images, root / name / str(width), options.runs)
            print(f"{name} width {width}, {height}×{2 * height}: {result}", flush=True)


if __name__ == "__main__":
    main()
