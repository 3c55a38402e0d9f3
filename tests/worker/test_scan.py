import subprocess
import sys
from dataclasses import dataclass

import pytest

from hiast.contracts.datasets import DatasetSpec, StreetsOptions
from hiast.contracts.errors import Canceled
from hiast.data import scan_dataset
from worker.scan import JOURNALS, journal_name, run_scan


def test_scans_have_one_journal_a_root_and_kind():
    specs = [
        DatasetSpec(kind="gta5", root="/data/a"),
        DatasetSpec(kind="gta5", root="/data/b"),
        DatasetSpec(kind="folder", root="/data/a"),
    ]
    names = {journal_name(spec) for spec in specs}
    assert len(names) == 3
    again = specs[0].model_copy(update={"labelled": False, "limit": 3})
    assert journal_name(again) in names


@dataclass
class Stopping:
    """A reporter that stops the scan behind so many images."""

    after: int

    def progress(self, report):
        if report.done == self.after:
            raise Canceled


@pytest.mark.services
def test_a_scan_goes_on_from_the_journal_of_another_machine(tmp_path, open_s3):
    scenes = StreetsOptions(look="source", count=20, seed=1, height=32, width=64)
    root = str(tmp_path / "scenes")
    scan_dataset(DatasetSpec(kind="streets", root=root, streets=scenes), lambda _progress: None)
    spec = DatasetSpec(kind="folder", root=root)
    store, name = open_s3("one"), journal_name(spec)
    with pytest.raises(Canceled):
        run_scan(spec, Stopping(after=9), store)
    first = (store.directory(JOURNALS) / name).read_bytes()
    assert len(first.splitlines()) >= 9
    assert (open_s3("two").fetch(JOURNALS, [name]) / name).read_bytes() == first
    with pytest.raises(Canceled):
        run_scan(spec, Stopping(after=20), open_s3("two"))
    # Appended to, not begun anew; and what the cache holds of the first journal is untouched.
    second = (open_s3("three").fetch(JOURNALS, [name]) / name).read_bytes()
    assert second.startswith(first)
    assert len(second.splitlines()) == 20
    cached = [path.read_bytes() for path in (tmp_path / "two").rglob(f"files/**/{name}")]
    assert cached == [first]


def test_a_scan_does_not_wait_for_torch():
    code = "import sys, worker.scan; sys.exit('torch' in sys.modules or 'cv2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
