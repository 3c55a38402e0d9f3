"""The REST API as typed calls: the only file of the pages that knows a URL."""

from __future__ import annotations

import copy
from typing import Any, TypeVar

import httpx
from pydantic import BaseModel, TypeAdapter, ValidationError

from backend.audit.schemas import AuditEventRead
from backend.auth.schemas import (
    PasswordChange,
    TokenCreate,
    TokenCreated,
    TokenRead,
    UserChange,
    UserCreate,
    UserRead,
    WhoAmI,
)
from backend.corrections.schemas import TrainingPreview
from backend.datasets.schemas import DatasetCreate, DatasetRead, ImageRead
from backend.jobs.schemas import JobRead
from backend.labels.schemas import Comparison, LabelRead, LabelSummary
from backend.pagination import Page
from backend.recipes.schemas import RecipeRead
from backend.reviews.schemas import ReviewCreate
from backend.rounds.schemas import Alarm, Approval, ClassSummary, Curve, RoundRead, ThresholdTrajectory
from backend.runs.schemas import RunCreate, RunRead
from backend.workers.schemas import WorkerRead

API_PATH = "/api/v1"
Answer = TypeVar("Answer")


class ApiError(Exception):
    """The API refused or cannot be reached; `detail` is a sentence for people."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        self.detail = detail
        self.status = status
        super().__init__(detail)


class ApiClient:
    """Calls the API at `api_url` (origin only, such as http://127.0.0.1:8000). Raises ApiError."""

    def __init__(self, api_url: str, *, timeout: float = 30.0) -> None:
        self.api_url = api_url.rstrip("/")
        self._http = httpx.Client(base_url=self.api_url + API_PATH, timeout=timeout, trust_env=False)
        self._identity: dict[str, str] = {}

    def as_visitor(self, identity: dict[str, str]) -> ApiClient:
        """The same client, calling as the visitor whose headers these are (`visitor.identity_of`)."""
        client = copy.copy(self)
        client._identity = identity
        return client

    def who(self) -> WhoAmI:
        """The visitor; ApiError 401 when nobody is signed in."""
        return self._read(WhoAmI, "GET", "/session")

    def recipes(self) -> list[RecipeRead]:
        """The recipes that ship with the method."""
        return self._read(list[RecipeRead], "GET", "/recipes")

    def datasets(self, *, limit: int = 200) -> Page[DatasetRead]:
        """The registered data sets."""
        return self._read(Page[DatasetRead], "GET", "/datasets", params={"limit": limit})

    def dataset(self, dataset_id: int) -> DatasetRead:
        """One data set."""
        return self._read(DatasetRead, "GET", f"/datasets/{dataset_id}")

    def create_dataset(self, create: DatasetCreate) -> DatasetRead:
        """Register a data set; a scan starts."""
        return self._read(DatasetRead, "POST", "/datasets", body=create)

    def faulty_images(self, dataset_id: int, *, limit: int = 100) -> Page[ImageRead]:
        """Images of a data set that are left out of every run, with the reason."""
        params = {"problem": "true", "limit": limit}
        return self._read(Page[ImageRead], "GET", f"/datasets/{dataset_id}/images", params=params)

    def scan_dataset(self, dataset_id: int) -> JobRead:
        """Look at every file again."""
        return self._read(JobRead, "POST", f"/datasets/{dataset_id}/scan")

    def delete_dataset(self, dataset_id: int) -> None:
        """Forget a data set; its files stay."""
        self._send("DELETE", f"/datasets/{dataset_id}")

    def runs(self, *, limit: int = 100) -> Page[RunRead]:
        """The runs."""
        return self._read(Page[RunRead], "GET", "/runs", params={"limit": limit})

    def run(self, run_id: int) -> RunRead:
        """One run with its rounds."""
        return self._read(RunRead, "GET", f"/runs/{run_id}")

    def create_run(self, create: RunCreate) -> RunRead:
        """Start a run."""
        return self._read(RunRead, "POST", "/runs", body=create)

    def cancel_run(self, run_id: int) -> None:
        """Stop a run within one batch."""
        self._send("POST", f"/runs/{run_id}/cancel")

    def advance_run(self, run_id: int) -> None:
        """Go on from where a failed or cancelled run stopped."""
        self._send("POST", f"/runs/{run_id}/advance")

    def curves(self, run_id: int) -> list[Curve]:
        """Loss and learning-rate curves of every training step."""
        return self._read(list[Curve], "GET", f"/runs/{run_id}/curves")

    def round(self, round_id: int) -> RoundRead:
        """One round."""
        return self._read(RoundRead, "GET", f"/rounds/{round_id}")

    def thresholds(self, round_id: int) -> ThresholdTrajectory:
        """θ of every class after every image."""
        return self._read(ThresholdTrajectory, "GET", f"/rounds/{round_id}/thresholds")

    def classes(self, round_id: int) -> list[ClassSummary]:
        """One line a class."""
        return self._read(list[ClassSummary], "GET", f"/rounds/{round_id}/classes")

    def training_preview(self, round_id: int) -> TrainingPreview:
        """What a round's training would see of every class."""
        return self._read(TrainingPreview, "GET", f"/rounds/{round_id}/training-preview")

    def alarms(self, round_id: int) -> list[Alarm]:
        """What looks wrong about a round's labels."""
        return self._read(list[Alarm], "GET", f"/rounds/{round_id}/alarms")

    def round_and_tag(self, round_id: int) -> tuple[RoundRead, str]:
        """One round, and the tag that `approve_round` wants to know which decisions were seen."""
        response = self._send("GET", f"/rounds/{round_id}")
        return self._parse(RoundRead, response), response.headers["ETag"]

    def approve_round(self, round_id: int, tag: str) -> Approval:
        """Let the round train on its labels; ApiError 412 when it is not as it was with `tag`."""
        return self._read(Approval, "POST", f"/rounds/{round_id}/approve", headers={"If-Match": tag})

    def labels(self, round_id: int, *, sort: str = "order", limit: int = 200) -> Page[LabelSummary]:
        """The labels of a round."""
        params: dict[str, Any] = {"sort": sort, "limit": limit}
        return self._read(Page[LabelSummary], "GET", f"/rounds/{round_id}/labels", params=params)

    def label(self, label_id: int) -> LabelRead:
        """One label."""
        return self._read(LabelRead, "GET", f"/labels/{label_id}")

    def review_label(self, label_id: int, version: int, review: ReviewCreate) -> LabelRead:
        """Record a decision on the label as it was at `version`; ApiError 412 when it changed since."""
        headers = {"If-Match": f'"{version}"'}
        return self._read(LabelRead, "POST", f"/labels/{label_id}/review", body=review, headers=headers)

    def compare(self, left: int, right: int) -> Comparison:
        """Two labels of one image, pixel by pixel."""
        return self._read(Comparison, "GET", "/compare", params={"left": left, "right": right})

    def jobs(
        self, *, run_id: int | None = None, state: str | None = None, limit: int = 100
    ) -> Page[JobRead]:
        """Jobs, newest first."""
        params: dict[str, Any] = {"limit": limit}
        params |= ({} if run_id is None else {"run_id": run_id}) | (
            {} if state is None else {"state": state}
        )
        return self._read(Page[JobRead], "GET", "/jobs", params=params)

    def job(self, job_id: int) -> JobRead:
        """One job."""
        return self._read(JobRead, "GET", f"/jobs/{job_id}")

    def cancel_job(self, job_id: int) -> None:
        """Stop a job within one batch."""
        self._send("POST", f"/jobs/{job_id}/cancel")

    def retry_job(self, job_id: int) -> None:
        """Queue a failed or cancelled job again."""
        self._send("POST", f"/jobs/{job_id}/retry")

    def job_log(self, job_id: int) -> str:
        """The job's log so far."""
        return self._send("GET", f"/jobs/{job_id}/log").text

    def workers(self) -> list[WorkerRead]:
        """The workers, by name."""
        return self._read(list[WorkerRead], "GET", "/workers")

    def users(self, *, limit: int = 200) -> Page[UserRead]:
        """The accounts."""
        return self._read(Page[UserRead], "GET", "/users", params={"limit": limit})

    def create_user(self, create: UserCreate) -> UserRead:
        """Make an account."""
        return self._read(UserRead, "POST", "/users", body=create)

    def change_own_password(self, change: PasswordChange) -> None:
        """Give the visitor another password."""
        self._send("PUT", "/session/password", body=change)

    def change_user(self, user_id: int, change: UserChange) -> UserRead:
        """Change role, password or activity of an account."""
        return self._read(UserRead, "PATCH", f"/users/{user_id}", body=change)

    def tokens(self, *, limit: int = 200) -> Page[TokenRead]:
        """The visitor's tokens."""
        return self._read(Page[TokenRead], "GET", "/tokens", params={"limit": limit})

    def create_token(self, create: TokenCreate) -> TokenCreated:
        """Make a token; the answer holds its secret."""
        return self._read(TokenCreated, "POST", "/tokens", body=create)

    def revoke_token(self, token_id: int) -> None:
        """Make a token worthless."""
        self._send("DELETE", f"/tokens/{token_id}")

    def audit(self, *, limit: int = 100) -> Page[AuditEventRead]:
        """The newest lines of the audit trail."""
        return self._read(Page[AuditEventRead], "GET", "/audit", params={"limit": limit})

    def _read(self, answer: type[Answer], method: str, path: str, **request: Any) -> Answer:
        return self._parse(answer, self._send(method, path, **request))

    def _parse(self, answer: type[Answer], response: httpx.Response) -> Answer:
        try:
            return TypeAdapter(answer).validate_json(response.content)
        except ValidationError as error:
            asked = f"{response.request.method} {response.request.url.path.removeprefix(API_PATH)}"
            raise ApiError(
                f"{asked} answered in a shape these pages do not know ({error.error_count()} "
                "fields). API and pages must be of one version."
            ) from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, Any] | None = None,
        body: BaseModel | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        content = None if body is None else body.model_dump_json(exclude_none=True)
        headers = (
            self._identity
            | (headers or {})
            | ({} if content is None else {"Content-Type": "application/json"})
        )
        try:
            response = self._http.request(method, path, params=params, content=content, headers=headers)
        except httpx.TransportError as error:
            raise ApiError(
                f"The API at {self.api_url} does not answer ({type(error).__name__}). "
                "Is it running? `studio status` tells."
            ) from error
        if response.is_error:
            raise ApiError(problem_detail(response), response.status_code)
        return response


def problem_detail(response: httpx.Response) -> str:
    """The `detail` of a problem+json answer, verbatim; otherwise the status in words."""
    try:
        problem = response.json()
    except ValueError:
        problem = None
    if isinstance(problem, dict) and isinstance(problem.get("detail"), str):
        return str(problem["detail"])
    return f"{response.request.url.path} answered {response.status_code} {response.reason_phrase}."
