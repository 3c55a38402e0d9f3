import struct
import subprocess
import sys

import pytest
from tensorboardX.proto.event_pb2 import Event, SessionLog

from hiast.contracts.reports import EvaluationReport, Progress
from hiast.report import open_tensorboard


def events(directory):
    """All events, file after file in TensorBoard's order: length, its checksum, content, checksum."""
    found = []
    for path in sorted(directory.glob("events.out.tfevents.*")):
        content, place = path.read_bytes(), 0
        while place < len(content):
            (length,) = struct.unpack_from("<Q", content, place)
            found.append(Event.FromString(content[place + 12 : place + 12 + length]))
            place += 16 + length
    return found


def shown(directory):
    """{tag: {step: value}} after purging, as TensorBoard shows it."""
    curves = {}
    for event in events(directory):
        if event.session_log.status == SessionLog.START:
            for points in curves.values():
                for step in [step for step in points if step >= event.step]:
                    del points[step]
        for value in event.summary.value:
            curves.setdefault(value.tag, {})[event.step] = pytest.approx(value.simple_value, rel=1e-6)
    return curves


def moment(done, stage="train", **metrics):
    return Progress(stage=stage, done=done, total=100, metrics=metrics)


def test_curves_are_tagged_by_stage_and_name(tmp_path):
    with open_tensorboard(tmp_path) as curves:
        curves.write(moment(5, seg=0.5, learning_rate=1e-5))
        curves.write(moment(6))
        curves.write(moment(10, seg=0.25))
        curves.write(moment(5, stage="warm_up", total=2.0))
    assert shown(tmp_path) == {
        "train/seg": {5: 0.5, 10: 0.25},
        "train/learning_rate": {5: 1e-5},
        "warm_up/total": {5: 2.0},
    }


def test_scores_are_tagged_by_network_and_class(tmp_path, halves):
    report = EvaluationReport(
        images=2, mean_iou=0.5, pixel_accuracy=0.75, class_iou=[0.5, None], further_means={"mIoU13": 0.25}
    )
    curves = open_tensorboard(tmp_path)
    curves.write_evaluation("student", 80, report, halves.classes)
    curves.close()
    assert shown(tmp_path) == {
        "evaluation/student/mean_iou": {80: 0.5},
        "evaluation/student/pixel_accuracy": {80: 0.75},
        "evaluation/student/mIoU13": {80: 0.25},
        "evaluation/student/iou/dark": {80: 0.5},
    }


def test_a_resumed_training_replaces_what_came_after_its_checkpoint(tmp_path):
    with open_tensorboard(tmp_path) as curves:
        for step, loss in ((5, 3.0), (10, 2.0), (15, 1.0)):
            curves.write(moment(step, seg=loss))
    with open_tensorboard(tmp_path) as curves:
        curves.write(moment(10, seg=2.5))
        curves.write(moment(20, seg=0.5))
    assert shown(tmp_path) == {"train/seg": {5: 3.0, 10: 2.5, 20: 0.5}}


def test_scores_after_training_hide_nothing(tmp_path, halves, make_evaluation):
    with open_tensorboard(tmp_path) as curves:
        curves.write(moment(10, seg=2.0))
    with open_tensorboard(tmp_path) as curves:
        curves.write_evaluation("student", 10, make_evaluation(0.5), halves.classes)
    assert shown(tmp_path)["train/seg"] == {10: 2.0}


def test_pages_and_curves_are_written_without_torch():
    code = "import sys, hiast.report; assert 'torch' not in sys.modules"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
