"""Other settings for the selection of a round that is labelled: to ask what if, or to make a revision."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from hiast.contracts.errors import UserError
from hiast.contracts.run_spec import SelectionSpec

Share = Annotated[float, Field(ge=0.0, le=1.0)]
OF_IAS: Final = ("alpha", "beta", "gamma")


class SelectionChanges(BaseModel):
    """Settings of a round's selection; what is left out is as the run has it."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"alpha": 0.3, "threshold_bounds": {"11": [0.6, 0.9]}}]},
    )

    alpha: Share | None = None
    beta: Share | None = None
    gamma: Annotated[float, Field(ge=0.0, le=100.0)] | None = None
    initial_threshold: Annotated[float, Field(gt=0.0, lt=1.0)] | None = None
    threshold_bounds: dict[int, tuple[Share, Share]] | None = None
    """Floor and cap by class id, in place of the run's own; {} takes all away."""
    order: Literal["labelled", "data_set", "shuffled"] = "labelled"
    """In which order the images follow each other; `shuffled` needs `seed`."""
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] | None = None
    """The order a run with this seed would have."""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.order == "shuffled") != (self.seed is not None):
            raise ValueError(
                f"order is {self.order!r} and seed is {self.seed}; give a seed with order 'shuffled', "
                "and only with it"
            )
        return self

    def apply_to(self, selection: SelectionSpec) -> SelectionSpec:
        """The run's settings with those given here. Raises UserError for one that has no effect, or none
        that can be known, and for bounds that contradict each other."""
        names = (*OF_IAS, "initial_threshold", "threshold_bounds")
        changes: dict[str, Any] = {
            name: value for name in names if (value := getattr(self, name)) is not None
        }
        useless = [name for name in changes if name in OF_IAS and selection.policy != "ias"]
        if selection.policy in ("cbst", "nt") and "initial_threshold" in changes:
            useless.append("initial_threshold")
        if useless:
            raise UserError(
                f"{useless[0]} has no effect: the run's policy is {selection.policy}.",
                where=useless[0],
                remedy="Leave it out; threshold_bounds work with every policy.",
            )
        if selection.policy == "cbst" and selection.threshold_bounds and "threshold_bounds" in changes:
            raise UserError(
                "the run has bounds of its own, and what cbst had chosen before them is not stored.",
                where="threshold_bounds",
                remedy="Start a run with the bounds you want.",
            )
        try:
            return SelectionSpec.model_validate({**selection.model_dump(), **changes})
        except ValidationError as error:
            problem = error.errors()[0]
            raise UserError(
                problem["msg"].removeprefix("Value error, "),
                where=".".join(map(str, problem["loc"])) or "threshold_bounds",
            ) from error
