from hiast.contracts.errors import NotFoundError, UserError


def test_an_error_reads_place_problem_remedy():
    assert str(UserError("it is bad.", where="here", remedy="Mend it.")) == "here: it is bad. Mend it."
    assert str(UserError("it is bad.")) == "it is bad."
    assert issubclass(NotFoundError, UserError)
