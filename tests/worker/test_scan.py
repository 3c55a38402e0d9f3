import subprocess
import sys
from pathlib import Path

from hiast.contracts.datasets import DatasetSpec
from worker.scan import journal_path


def test_journals_lie_in_the_artifact_store_one_a_root_and_kind():
    specs = [
        DatasetSpec(kind="gta5", root="/data/a"),
        DatasetSpec(kind="gta5", root="/data/b"),
        DatasetSpec(kind="folder", root="/data/a"),
    ]
    paths = {journal_path(Path("/store"), spec) for spec in specs}
    assert len(paths) == 3
    assert {path.parent for path in paths} == {Path("/store/scans")}
    again = specs[0].model_copy(update={"labelled": False, "limit": 3})
    assert journal_path(Path("/store"), again) in paths


def test_a_scan_does_not_wait_for_torch():
    code = "import sys, worker.scan; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
