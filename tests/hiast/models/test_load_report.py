from hiast.models import LoadReport


def test_a_complete_load_is_one_sentence():
    assert LoadReport(["a", "b"], [], [], []).summary() == "All 2 weights were loaded."


def test_counts_and_the_first_names_of_what_was_not_loaded_are_told():
    report = LoadReport(["a"], ["b", "c", "d", "e", "f"], ["fc.bias", "fc.weight"], [])
    assert report.summary() == (
        "1 of 6 weights were loaded. Not in the file, values kept: 5 (b, c, d and 2 more). "
        "Unused entries of the file: 2 (fc.bias, fc.weight)."
    )


def test_a_classifier_for_other_classes_is_told_apart_from_what_is_absent():
    assert LoadReport(["a"], [], [], ["c (file (2,), network (3,))"]).summary() == (
        "1 of 2 weights were loaded. For another number of classes in the file, values kept: 1 "
        "(c (file (2,), network (3,)))."
    )


def test_a_complete_load_with_entries_left_over_names_them():
    assert LoadReport(["a"], [], ["fc.bias"], []).summary() == (
        "1 of 1 weights were loaded. Unused entries of the file: 1 (fc.bias)."
    )
