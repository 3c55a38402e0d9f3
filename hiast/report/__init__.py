"""What a round and a run leave for people to read without a server: HTML pages and TensorBoard curves."""

from hiast.report.round_page import write_round_report
from hiast.report.run_page import RoundOutcome, ScoredNetwork, write_run_report
from hiast.report.tensorboard import TensorBoardCurves, open_tensorboard

__all__ = [
    "RoundOutcome",
    "ScoredNetwork",
    "TensorBoardCurves",
    "open_tensorboard",
    "write_round_report",
    "write_run_report",
]
