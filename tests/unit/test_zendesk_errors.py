"""What an answer of Zendesk means: every envelope and status that the facts name, as a table."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from providers.http import Answer, NoReply
from providers.zendesk.errors import Busy, Moved, NoFeature, code_of, explain, field_of, said_of, wait_of
from runner.spi import Forbidden, NotFound, ProviderError, RateLimited, Rejected, Unauthorized, Unavailable

NOW = datetime(2026, 12, 11, 14, 30, tzinfo=UTC)
WRONG = {"error": "RecordInvalid", "description": "Record validation errors"}


def answer(status: int, data: Any = None, text: str = "", **headers: str) -> Answer:
    return Answer(status, {name.replace("_", "-"): value for name, value in headers.items()}, data, text)


def meaning(given: Answer) -> ProviderError:
    return explain(given, "desk", "list triggers", NOW)


# --- status -> class ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "data", "kind", "said"),
    [
        (400, {"errors": [{"code": "InvalidPaginationParameter", "title": "a bad page"}]}, Rejected, "a bad page"),
        (400, {"error": {"title": "Invalid attribute", "message": "ids takes 1 to 100"}}, Rejected, "ids takes 1"),
        (401, {"error": "Couldn't authenticate you"}, Unauthorized, "(Couldn't authenticate you)"),
        (
            401,
            {"error": "invalid_token", "error_description": "not valid any more"},
            Unauthorized,
            "not valid any more",
        ),
        (403, {"error": {"title": "Forbidden", "message": "the plan has no schedules"}}, Forbidden, "no schedules"),
        (403, {"error": "insufficient_scope", "error_description": "lacks write"}, Forbidden, "lacks write"),
        (404, {"error": "RecordNotFound", "description": "Not found"}, NotFound, "it does not exist"),
        (404, {"error": "InvalidEndpoint", "description": "Not found"}, NoFeature, "does not have the feature"),
        (404, {"error": {"title": "InvalidEndpoint", "message": "Not found"}}, NoFeature, "does not have the feature"),
        (404, {"errors": [{"code": "InvalidEndpoint", "title": "gone"}]}, NoFeature, "does not have the feature"),
        (404, None, NotFound, "it does not exist"),
        (408, None, Unavailable, "408"),
        (409, {"error": "DatabaseConflict", "description": "busy rows"}, NoReply, "busy with the same object"),
        (409, {"error": {"title": "DatabaseConflict", "message": "x"}}, NoReply, "busy with the same object"),
        (409, {"error": "UpdateConflict", "description": "it changed"}, Moved, "somebody changed it meanwhile"),
        (409, None, Moved, "somebody changed it meanwhile"),
        (413, {"error": "PayloadTooLarge", "description": "over 1 MB"}, Rejected, "over 1 MB"),
        (415, {"error": "Unsupported media type, the path lacks .json"}, Rejected, "lacks .json"),
        (422, {"error": "invalid", "description": "search ends at 1000 results"}, Rejected, "search ends at 1000"),
        (429, {"error": "TooManyRequests"}, RateLimited, "rate limit is reached"),
        (429, {"error": "TooManyJobs", "description": "30 jobs wait"}, RateLimited, "rate limit is reached"),
        (500, {"error": {"title": "Internal error", "message": "went wrong"}}, Unavailable, "500 (went wrong)"),
        (501, {"error": "not simulated"}, Unavailable, "501"),
        (503, {"error": "Service unavailable", "description": "no database"}, Unavailable, "503 (no database)"),
    ],
)
def test_a_status_and_its_envelope_have_one_meaning(status: int, data: Any, kind: type, said: str) -> None:
    """Every answer that is no success becomes one error of the interface, with target, request and words in it."""
    found = meaning(answer(status, data))
    assert type(found) is kind
    assert found.message.startswith("desk: list triggers: ")
    assert said in found.message


def test_a_missing_id_is_not_a_missing_feature() -> None:
    """The two kinds of 404: an object that is gone, and a feature that this account does not have."""
    assert isinstance(meaning(answer(404, {"error": "RecordNotFound"})), NotFound)
    feature = meaning(answer(404, {"error": "InvalidEndpoint"}))
    assert isinstance(feature, Forbidden)
    assert "plan" in feature.message


def test_a_stale_stamp_is_not_a_database_conflict() -> None:
    """The two kinds of 409: decided again because a person was there, or nobody knows and it is looked up."""
    stale, busy = meaning(answer(409, {"error": "UpdateConflict"})), meaning(answer(409, {"error": "DatabaseConflict"}))
    assert isinstance(stale, Rejected)
    assert isinstance(busy, Unavailable)


# --- what it says ---------------------------------------------------------------------------------------------------


def test_the_keys_of_details_are_iterated() -> None:
    """A 422 names its fields by key; `base` is one of them, and may be missing."""
    details = {"status": [{"description": "closed prevents ticket update"}], "base": [{"description": "A field lacks"}]}
    found = meaning(answer(422, {**WRONG, "details": details}))
    assert isinstance(found, Rejected)
    assert found.field == "status"
    assert found.message == "desk: list triggers: status: closed prevents ticket update; A field lacks"


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"end_date": ["is too far"]}, "end_date: is too far"),
        ({"title": "is taken"}, "title: is taken"),
        ({"title": {"description": "is taken"}}, "title: is taken"),
        ({}, "Record validation errors"),
        ({"title": [{"error": "Blank"}]}, "Record validation errors"),
        ("no mapping at all", "Record validation errors"),
    ],
)
def test_details_of_any_shape_are_told(details: Any, said: str) -> None:
    """Lists, texts and objects in `details` are read alike, and without them the description stands."""
    assert meaning(answer(422, {**WRONG, "details": details})).message == f"desk: list triggers: {said}"


@pytest.mark.parametrize(
    ("data", "text", "said"),
    [
        ({"error": {"title": "Forbidden", "message": "no"}}, "", " (no)"),
        ({"error": {"title": "Forbidden"}}, "", " (Forbidden)"),
        (
            {"errors": [{"code": "BadCursor", "title": "old cursor", "detail": "an hour at most"}]},
            "",
            " (an hour at most)",
        ),
        ({"errors": [{"code": "BadCursor", "title": "old cursor"}]}, "", " (old cursor)"),
        ({"errors": [{"code": "BadCursor"}]}, "", " (BadCursor)"),
        ({"errors": ["plain"]}, "", " (plain)"),
        ({"error": "invalid_scope", "error_description": "not on the list"}, "", " (not on the list)"),
        ({"error": "invalid_scope"}, "", " (invalid_scope)"),
        ({"message": "moved\n  on"}, "", " (moved on)"),
        ("just a text", "", " (just a text)"),
        (None, "Not enough\r\nmemory", " (Not enough memory)"),
        (None, "<!DOCTYPE html><p>secret page", ""),
        ([1, 2], "", ""),
        ({"errors": {"title": ["odd"]}}, "", ""),
        ({"error": None, "errors": []}, "", ""),
    ],
)
def test_an_envelope_says_what_it_can(data: Any, text: str, said: str) -> None:
    """The most telling sentence of any envelope, of plain text too; nothing of a page, and never an exception."""
    assert said_of(answer(418, data, text)) == said
    assert meaning(answer(418, data, text)).message


def test_plain_text_is_a_sentence() -> None:
    """An error as text/plain is told as it is; a page is only its status."""
    assert meaning(answer(422, None, "Ticket is busy")).message == "desk: list triggers: Ticket is busy"
    assert meaning(answer(400, None, "<html>oops")).message == "desk: list triggers: Zendesk refuses it (400)"


def test_a_long_answer_is_cut() -> None:
    """No message grows with the vendor's talkativeness."""
    assert len(said_of(answer(422, {"description": "x" * 5000}))) < 310


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"error": "RecordInvalid"}, "RecordInvalid"),
        ({"error": {"title": "Forbidden"}}, "Forbidden"),
        ({"errors": [{"code": "BadCursor"}]}, "BadCursor"),
        ({"errors": []}, ""),
        ({"errors": "odd"}, ""),
        ([], ""),
        (None, ""),
    ],
)
def test_a_code_is_found_in_every_envelope(data: Any, code: str) -> None:
    """The code stands in three places, or nowhere."""
    assert code_of(data) == code


def test_the_field_is_the_first_that_details_name() -> None:
    """Without details no field is named."""
    assert field_of({"details": {"end_date": [], "name": []}}) == "end_date"
    assert field_of({"details": []}) == field_of({}) == field_of(None) == ""


# --- how long -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ({"retry_after": "93"}, 93.0),
        ({"retry_after": "0"}, 1.0),
        ({"retry_after": "Fri, 11 Dec 2026 14:30:45 GMT"}, 45.0),
        ({"retry_after": "Fri, 11 Dec 2026 14:00:00 GMT"}, 1.0),
        ({"retry_after": "soon"}, 60.0),
        ({}, 60.0),
    ],
)
def test_a_refusal_says_how_long(header: dict[str, str], seconds: float) -> None:
    """Retry-After counts as seconds and as a date; without it a minute, never less than a second."""
    assert wait_of(answer(429, **header), NOW) == seconds
    found = meaning(answer(429, {"error": "TooManyRequests"}, **header))
    assert isinstance(found, RateLimited)
    assert found.retry_after == seconds


def test_an_overload_may_say_how_long() -> None:
    """A 503 with Retry-After keeps it; a write that met it may have been carried out all the same."""
    found = meaning(answer(503, retry_after="7"))
    assert isinstance(found, Busy)
    assert found.retry_after == 7.0
    assert isinstance(found, Unavailable)
    assert not isinstance(found, RateLimited)
