"""The one error every part raises for a fault the user can mend."""


class UserError(Exception):
    """Something the user gave does not fit: says what is wrong, where, and what to do.

    The CLI prints it as one line, the API as problem+json, a job as its failure sentence.
    """

    def __init__(self, problem: str, *, where: str = "", remedy: str = "") -> None:
        """`problem` names the thing and its value, `where` the file or field, `remedy` the way out."""
        self.problem = problem
        self.where = where
        self.remedy = remedy
        super().__init__(str(self))

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        remedy = f" {self.remedy}" if self.remedy else ""
        return f"{place}{self.problem}{remedy}"


class NotFoundError(UserError):
    """The named thing does not exist; `remedy` lists what does."""


class LostProcessError(UserError):
    """Another process of a shared training has ended. That one's failure counts, not this."""


class Canceled(Exception):  # noqa: N818  (not an error: the user asked for it)
    """Raised by a progress callback to stop the work at the next batch."""


class Superseded(Exception):  # noqa: N818  (not an error: the work goes on elsewhere)
    """Raised by a progress callback: somebody else does this work now. Stop, and write nothing more."""
