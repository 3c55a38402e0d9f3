import math

import pytest
import torch

from hiast.contracts.errors import UserError
from hiast.contracts.run_spec import InferenceSpec
from hiast.rounds.model_selection import choose_network, information

CPU = torch.device("cpu")


def of(model, images):
    return information(model, images, InferenceSpec(), device=CPU, on_progress=lambda _progress: None)


def test_certain_and_varied_predictions_carry_most_information(halves, brightness):
    certain, doubtful = of(brightness(50.0), halves), of(brightness(0.2), halves)
    assert 0.0 < doubtful < certain <= math.log(2)


def test_one_class_everywhere_carries_none(halves, brightness):
    assert of(brightness(one_class=True), halves) == pytest.approx(0.0, abs=1e-6)


CANDIDATES = ["warm_up/model", "rounds/1/student", "rounds/1/teacher"]


def test_by_default_the_last_teacher_is_taken_and_no_label_was_seen():
    report = choose_network("last", CANDIDATES, {})
    assert (report.chosen, report.scores, report.saw_target_labels) == ("rounds/1/teacher", {}, False)


@pytest.mark.parametrize(("criterion", "seen"), [("information", False), ("target_labels", True)])
def test_the_best_score_wins_and_it_is_said_whether_labels_were_seen(criterion, seen):
    scores = {"warm_up/model": 0.4, "rounds/1/student": 0.6, "rounds/1/teacher": 0.5}
    report = choose_network(criterion, CANDIDATES, scores)
    assert (report.chosen, report.scores, report.saw_target_labels) == ("rounds/1/student", scores, seen)


def test_of_equal_ones_the_later_is_taken():
    scores = dict.fromkeys(CANDIDATES, 0.5)
    assert choose_network("information", CANDIDATES, scores).chosen == "rounds/1/teacher"


def test_a_criterion_without_scores_is_refused():
    with pytest.raises(UserError, match="no score to choose a network by 'target_labels'"):
        choose_network("target_labels", CANDIDATES, {})
