import pytest

from hiast.contracts.reports import LabelSetReport
from hiast.contracts.run_spec import PasteSpec
from hiast.pasting import paste_source

LABEL_SET = LabelSetReport(
    images=2, thresholds=[0.8, 0.9], class_values=[0.9, 0.5], hard_classes=[1, 0], kept_share=0.5,
    sampling_probabilities=[0.1, 0.9], class_kept_pixels=[8, 2], class_predicted_pixels=[10, 6],
)  # fmt: skip


def test_a_rejected_label_gives_no_donor():
    source = paste_source([("used", [4, 0])], LABEL_SET, PasteSpec())
    assert source.candidates[0] == [["used", 4]]
    assert not source.candidates[1]
    assert source.probabilities == [1.0, 0.0]


@pytest.mark.parametrize(
    ("label_set", "paste"),
    [
        (LABEL_SET, PasteSpec(enabled=False)),
        (LABEL_SET.model_copy(update={"hard_classes": []}), PasteSpec()),
    ],
)
def test_nothing_is_pasted_when_nothing_is_hard(label_set, paste):
    assert paste_source([("used", [4, 2])], label_set, paste) is None
