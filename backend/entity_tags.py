"""Entity tags: how If-None-Match saves an answer, and If-Match a decision on something that has changed."""

from __future__ import annotations

import hashlib

from fastapi import Response
from pydantic import BaseModel

HEADERS = {"Cache-Control": "private, no-cache"}
"""A browser may keep the answer, but asks every time whether it still holds."""


def tag_of(shown: BaseModel, *unseen: object, version: int | None = None) -> str:
    """The tag of an answer: another one whenever anything in it, or in `unseen`, is different.

    With `version` the tag begins with it, so that a write can ask for the version alone.
    """
    content = "\n".join([shown.model_dump_json(), *map(str, unseen)])
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    return f'"{digest}"' if version is None else f'"{version}-{digest}"'


def asks_for_version(if_match: str, version: int) -> bool:
    """Whether If-Match is "*" or holds a tag of this version, whatever else the answer showed."""
    versions = [tag.strip('"').partition("-")[0] for tag in _tags(if_match)]
    return str(version) in versions or "*" in versions


def asks_for(if_match: str, tag: str) -> bool:
    """Whether If-Match is "*" or holds `tag`."""
    return not {tag, "*"}.isdisjoint(_tags(if_match))


def is_known(tag: str, if_none_match: str | None) -> bool:
    """Whether If-None-Match says that the client has what `tag` stands for; weak tags count as strong."""
    if if_none_match is None:
        return False
    return asks_for(if_none_match.replace("W/", ""), tag.removeprefix("W/"))


def answer(
    response: Response, tag: str, if_none_match: str | None, shown: BaseModel
) -> BaseModel | Response:
    """`shown` with its tag, or 304 without content when the client has just that."""
    headers = {**HEADERS, "ETag": tag}
    if is_known(tag, if_none_match):
        return Response(status_code=304, headers=headers)
    response.headers.update(headers)
    return shown


def _tags(header: str) -> list[str]:
    return [tag.strip() for tag in header.split(",")]
