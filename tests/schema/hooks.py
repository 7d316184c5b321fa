"""What Schemathesis cannot know of review-api by its schema alone."""

import json
import re
from datetime import UTC, datetime

import schemathesis
from hypothesis import strategies as st
from schemathesis.core.parameters import ParameterLocation

# Faults that no schema can say: of a query's text, of what does not fit together, of a cursor that nobody was given.
REASONS = [
    ("q", r"begins with a wildcard: a `\*` may only end a word$"),
    ("q", r"needs 2 characters before its wildcard$"),
    ("q", r"^may have 16 words and phrases$"),
    ("from", r"^must be before to$"),
    ("min_rating", r"^must not be above max_rating$"),
    ("rating", r"^min_rating or max_rating is given as well: choose one$"),
    ("cursor", r"^is not a cursor of this service$"),
    ("interval", r"^cuts this period into more than 2000 points$"),
    ("id", r"^is reserved$"),
    ("written_at", r"^must not be before 2015$"),
    ("written_at", r"^must not be more than a day ahead$"),
]


# Of all times that there are, deliveries have few: most of the others would be refused before anything else is looked at.
schemathesis.openapi.format(
    "date-time",
    st.datetimes(datetime(2015, 1, 1), datetime.now(UTC).replace(tzinfo=None)).map(lambda time: f"{time.isoformat()}Z"),
)


@schemathesis.serializer("application/x-ndjson")
def lines(_context, value):
    """Text goes as it is; what is no text, to see it refused, as JSON."""
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


@schemathesis.hook
def map_case(_context, case):
    """`lenient` lets unknown fields pass, and no schema says so of a body: what is to be refused for one goes without it."""
    faulty_body = case.meta is not None and case.meta.is_negative_at(ParameterLocation.BODY)
    if faulty_body and case.query and case.query.get("lenient") in (True, "true", ""):
        case.query = {name: value for name, value in case.query.items() if name != "lenient"}
    return case


@schemathesis.check
def refused_for_what_no_schema_says(_context, response, case):
    """Sound data is refused only for one of REASONS."""
    meta = case.meta
    if meta is None or not meta.generation.mode.is_positive or response.status_code not in (400, 422):
        return
    errors = response.json()["errors"]
    for error in errors:
        told = any(error["field"] == field and re.search(reason, error["reason"]) for field, reason in REASONS)
        assert told, f"sound data was refused: {error}"
    assert errors, "sound data was refused, and nothing said why"


@schemathesis.check
def every_line_has_a_verdict(_context, response, case):
    """What is no review is rejected, line by line, and the counts agree with the verdicts."""
    if case.operation.path != "/reviews/_bulk" or response.status_code != 200:
        return
    answer = response.json()
    for status in ("created", "duplicate", "accepted", "rejected", "retry"):
        told = sum(item["status"] == status for item in answer["items"])
        assert told == answer[status], f"{status}: {answer[status]} counted, {told} told"
    assert all(item["errors"] for item in answer["items"] if item["status"] == "rejected"), "rejected without a reason"
