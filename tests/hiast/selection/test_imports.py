import subprocess
import sys


def test_selection_region_weights_and_metrics_load_without_torch() -> None:
    """The API process imports them, and importing torch would cost it seconds and 200 MB."""
    program = (
        "import sys, numpy as np, hiast.selection, hiast.losses, hiast.metrics\n"
        "from hiast.selection import Codebook, instance_adaptive_thresholds\n"
        "instance_adaptive_thresholds(np.ones((1, 2, 2)), np.zeros((1, 2, 2), int), np.full(1, 0.9))\n"
        "hiast.losses.region_weight_map(np.zeros((2, 2), int), 3, hiast.losses.LossWeights())\n"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
