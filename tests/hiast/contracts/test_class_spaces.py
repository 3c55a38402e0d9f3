import pytest
from pydantic import ValidationError

from hiast.contracts.class_spaces import CLASS_SPACES, ClassSpace, class_space
from hiast.contracts.errors import NotFoundError


@pytest.mark.parametrize(
    ("name", "count"), [("cityscapes", 19), ("robotcar", 9), ("camvid", 11), ("streets", 12)]
)
def test_built_in_spaces_have_their_classes(name, count):
    space = class_space(name)
    assert space.num_classes == count
    assert len(space.palette()) == 768
    assert max(space.thing_classes) < count


def test_an_unknown_space_names_those_there_are():
    with pytest.raises(NotFoundError, match=", ".join(sorted(CLASS_SPACES))):
        class_space("mars")


@pytest.mark.parametrize(
    ("classes", "colours"), [(0, 0), (255, 255), (2, 1)], ids=["none", "too many", "a colour missing"]
)
def test_spaces_that_make_no_sense_are_refused(classes, colours):
    with pytest.raises(ValidationError):
        ClassSpace(name="x", classes=tuple(map(str, range(classes))), colours=((0, 0, 0),) * colours)


def test_class_names_differ():
    with pytest.raises(ValidationError, match="must differ"):
        ClassSpace(name="x", classes=("a", "a"), colours=((0, 0, 0),) * 2)
