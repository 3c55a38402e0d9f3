"""The stand-in's decisions, claims, drafts and entity tags. Who asks is in a cookie, else ada."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Any

from fastapi import Cookie, FastAPI, Header, Request, Response

from backend.labels.schemas import LabelRead, LabelSummary
from backend.reviews.schemas import ClaimRead
from tests.frontend_gradio.fake_answers import BASE, ProblemError, found, page
from tests.frontend_gradio.fake_records import FakeRecords

Person = Annotated[str, Cookie()]
Tag = Annotated[str, Header(alias="If-Match")]


class FakeDesk:
    """Who looks at what and has written what."""

    def __init__(self, records: FakeRecords) -> None:
        self.records = records
        self.claims: dict[int, ClaimRead] = {}
        self.drafts: dict[tuple[int, str], str] = {}

    def label(self, label_id: int, person: str) -> LabelRead:
        label = self.records.label(found(self.records.labels, label_id, "label").id)
        draft = self.drafts.get((label_id, person), "")
        return label.model_copy(update={"claim": self.claims.get(label_id), "draft": draft})

    def claim(self, label_id: int, person: str) -> ClaimRead:
        held = self.claims.get(label_id)
        if held is not None and held.person != person:
            raise ProblemError(409, f"{held.person} is looking at label {label_id}.")
        until = datetime.now(UTC) + timedelta(minutes=2)
        self.claims[label_id] = ClaimRead(person=person, expires_at=until)
        return self.claims[label_id]

    def let_go(self, label_id: int, person: str) -> None:
        held = self.claims.get(label_id)
        if held is not None and held.person == person:
            del self.claims[label_id]

    def sorted_labels(self, round_id: int, sort: str) -> list[LabelSummary]:
        items = self.records.summaries(round_id)
        items.sort(key=lambda i: getattr(i, sort.lstrip("-")), reverse=sort.startswith("-"))
        return items

    def next(self, round_id: int, person: str, sort: str, after: int | None) -> LabelSummary | None:
        items = self.sorted_labels(round_id, sort)
        start = 0 if after is None else [item.id for item in items].index(after) + 1
        for item in items[start:]:
            held = self.claims.get(item.id)
            if item.status == "unreviewed" and (held is None or held.person == person):
                return item.model_copy(update={"claim": self.claim(item.id, person)})
        return None

    def round_tag(self, round_id: int) -> str:
        versions = sum(label.version for label in self.records.labels if label.round_id == round_id)
        return f'"{self.records.round(round_id).state}-{versions}"'


def add_reviews(app: FastAPI, records: FakeRecords) -> FakeDesk:
    desk = FakeDesk(records)
    _add_rounds(app, desk)
    _add_labels(app, desk)
    _add_claims_and_drafts(app, desk)
    return desk


def _add_rounds(app: FastAPI, desk: FakeDesk) -> None:
    records = desk.records

    @app.get(BASE + "/rounds/{item_id}")
    def round_(item_id: int, response: Response) -> Any:
        item = records.round(found(records.rounds, item_id, "round").id)
        response.headers["ETag"] = desk.round_tag(item.id)
        return item

    @app.post(BASE + "/rounds/{item_id}/approve", status_code=202)
    def approve(item_id: int, if_match: Tag = "*") -> Any:
        if if_match not in ("*", desk.round_tag(item_id)):
            raise ProblemError(412, f"round {item_id} has changed since it was read.")
        return records.approve(item_id)

    @app.get(BASE + "/rounds/{item_id}/labels")
    def labels(item_id: int, request: Request, limit: int = 50, cursor: str | None = None) -> Any:
        status, sort = request.query_params.get("status"), request.query_params.get("sort", "order")
        items = [i for i in desk.sorted_labels(item_id, sort) if status in (None, i.status)]
        return page(items, limit, cursor)

    @app.post(BASE + "/rounds/{item_id}/next", status_code=201, response_model=LabelSummary)
    def next_label(
        item_id: int, sort: str = "order", after: int | None = None, person: Person = "ada"
    ) -> Any:
        label = desk.next(found(records.rounds, item_id, "round").id, person, sort, after)
        return Response(status_code=204) if label is None else label


def _add_labels(app: FastAPI, desk: FakeDesk) -> None:
    @app.get(BASE + "/labels/{item_id}")
    def label(item_id: int, response: Response, person: Person = "ada", revision: int | None = None) -> Any:
        item = desk.label(item_id, person)
        if revision == 0:
            item = desk.records.as_made.get(item_id, item)
        response.headers["ETag"] = f'"{item.version}"'
        return item

    @app.post(BASE + "/labels/{item_id}/review", status_code=201)
    def review(
        item_id: int, body: dict[str, str], response: Response, if_match: Tag = "", person: Person = "ada"
    ) -> Any:
        if if_match != f'"{desk.label(item_id, person).version}"':
            raise ProblemError(412, f"label {item_id} has changed since you opened it.")
        at = datetime(2026, 11, 23, 9, 31, tzinfo=UTC)
        desk.records.review(item_id, body["decision"], body.get("comment", ""), at, person)
        desk.let_go(item_id, person)
        desk.drafts.pop((item_id, person), None)
        item = desk.label(item_id, person)
        response.headers["ETag"] = f'"{item.version}"'
        return item


def _add_claims_and_drafts(app: FastAPI, desk: FakeDesk) -> None:
    @app.post(BASE + "/labels/{item_id}/claim")
    def claim(item_id: int, person: Person = "ada") -> Any:
        return desk.claim(item_id, person)

    @app.delete(BASE + "/labels/{item_id}/claim", status_code=204)
    def let_go(item_id: int, person: Person = "ada") -> None:
        desk.let_go(item_id, person)

    @app.put(BASE + "/labels/{item_id}/draft", status_code=204)
    def save_draft(item_id: int, body: dict[str, str], person: Person = "ada") -> None:
        desk.drafts[item_id, person] = body["comment"]
