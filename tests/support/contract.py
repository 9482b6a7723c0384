"""A vendor's API description as an oracle: exchanges recorded at the wire, and what the description says of each.

The description is found through a folder that the test names; nothing of it is part of this repository. The folder
holds ``zendesk-merged.json`` with ``zendesk-supplement.yaml`` (the vendor's file, and what we read in the vendor's
reference pages where that file is silent), or the vendor's own ``oas.yaml`` alone.
"""

from __future__ import annotations

import json
import re
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import httpx
import yaml
from openapi_core import Config, OpenAPI
from openapi_core.templating.paths.exceptions import PathError
from openapi_core.templating.paths.finders import APICallPathFinder
from openapi_core.templating.responses.exceptions import ResponseFinderError
from openapi_core.testing import MockRequest, MockResponse
from openapi_core.validation.request.exceptions import ParameterValidationError, SecurityValidationError

MERGED, SUPPLEMENT, VENDOR = "zendesk-merged.json", "zendesk-supplement.yaml", "oas.yaml"
METHODS = ("get", "put", "post", "delete", "patch")
HOST = "https://example.zendesk.com"


# --- what went over the wire ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Exchange:
    """One request and its answer. `kind` and `answer_kind` are the content types."""

    method: str
    path: str
    query: str = ""
    sent: Mapping[str, str] | None = None
    body: bytes = b""
    status: int = 200
    answer_kind: str = "application/json"
    answer: bytes = b""

    @property
    def where(self) -> str:
        """Return method and path; paths are described without the ``.json`` that all of them may end in."""
        return f"{self.method} {self.path.removesuffix('.json')}"

    @property
    def shape(self) -> tuple[object, ...]:
        """Return what makes two exchanges of one operation alike: the same members of the same types throughout."""
        names = tuple(sorted({name for name, _ in parse_qsl(self.query, keep_blank_values=True)}))
        return self.status, names, members(self.body), members(self.answer)


def members(body: bytes) -> frozenset[tuple[str, str]]:
    """Return path and type of everything in a JSON body, the items of a list taken together."""
    return frozenset(_members(json.loads(body), "")) if body else frozenset()


def _members(value: object, path: str) -> Iterator[tuple[str, str]]:
    yield path, type(value).__name__
    if isinstance(value, dict):
        for name, inner in value.items():
            yield from _members(inner, f"{path}.{name}")
    elif isinstance(value, list):
        for inner in value:
            yield from _members(inner, f"{path}.*")


def exchange_of(request: httpx.Request, response: httpx.Response) -> Exchange:
    """Return a request and its answer as they went over the wire."""
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    kind, answer, sent = response.headers.get("content-type", ""), response.read(), dict(request.headers)
    return Exchange(request.method, path, query, sent, request.read(), response.status_code, kind, answer)


# --- what a description says of it ----------------------------------------------------------------------------------


@dataclass(frozen=True, order=True)
class Finding:
    """One difference: in which operation, in which part of the exchange, at which place of it, and what is wrong."""

    operation: str
    part: str  # request, query, header, answer or status
    place: str
    fault: str

    def __str__(self) -> str:
        return f"{self.operation}: {self.part} {self.place}: {self.fault}"


@dataclass(frozen=True)
class Inside:
    """What a schema knows: its members, or its item; nothing of an object that takes anything."""

    known: dict[str, Any]
    item: dict[str, Any]
    open: bool = False


class Contract:
    """An API description. `ours` names the operations whose description is not the vendor's own."""

    def __init__(self, document: dict[str, Any], ours: Iterable[str] = ()) -> None:
        self.ours = frozenset(ours)
        self._document = document
        self._known: dict[int, Inside] = {}
        # The file is the vendor's: that it is a valid description is not the question, and the answer takes a minute.
        self._api = OpenAPI.from_dict(document, config=Config(spec_validator_cls=None))

    @classmethod
    def of(cls, folder: Path) -> Contract:
        """Return the description that a folder holds."""
        if not (folder / MERGED).exists():
            return cls.of_vendor(folder / VENDOR)
        supplement = _yaml(folder / SUPPLEMENT)
        return cls(json.loads((folder / MERGED).read_text(encoding="utf-8")), _operations(supplement))

    @classmethod
    def of_vendor(cls, path: Path) -> Contract:
        """Return the vendor's file as it can be downloaded, made usable: parameters of other paths are dropped, and a
        bearer token is as good as a password."""
        document = _yaml(path)
        for template, item in document["paths"].items():
            for holder in (item, *(item[method] for method in METHODS if method in item)):
                if "parameters" in holder:
                    holder["parameters"] = [p for p in holder["parameters"] if _belongs(document, p, template)]
                if "responses" in holder:
                    holder.pop("security", None)
        document["components"].setdefault("securitySchemes", {})["bearerAuth"] = {"type": "http", "scheme": "bearer"}
        document["security"] = [{"basicAuth": []}, {"bearerAuth": []}]
        return cls(document)

    @cached_property
    def _finder(self) -> APICallPathFinder:
        return APICallPathFinder(self._api.spec)

    def operation_of(self, exchange: Exchange) -> str | None:
        """Return the operation that an exchange belongs to, None for one that is not described."""
        try:
            found = self._finder.find(exchange.method.lower(), HOST + exchange.path.removesuffix(".json"))
        except PathError:
            return None
        return f"{exchange.method} {found.path.parts[-1]}"

    def statuses(self, operation: str) -> set[str]:
        """Return the statuses of the answers that are described."""
        return set(self._described(operation)["responses"])

    def bodies(self, operation: str, status: int) -> tuple[bool, bool]:
        """Return whether the body of the request, and that of the answer with this status, have a description."""
        described = self._described(operation)
        answer = self._resolved(described["responses"].get(str(status), {}))
        return "requestBody" in described, bool(answer.get("content"))

    def check(self, exchange: Exchange) -> list[Finding]:
        """Return every difference between a described exchange and its description, each once."""
        operation = self.operation_of(exchange)
        assert operation is not None, f"{exchange.where} is not described"
        path, sent = exchange.path.removesuffix(".json"), dict(exchange.sent or {})
        query = dict(parse_qsl(exchange.query, keep_blank_values=True))
        kind = sent.get("content-type", "application/json")
        request = MockRequest(
            HOST, exchange.method, path, args=query, headers=sent, data=exchange.body, content_type=kind
        )
        answer = MockResponse(exchange.answer, exchange.status, content_type=exchange.answer_kind)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # what the vendor calls deprecated is still described
            wrong = [*self._api.iter_request_errors(request)]
            asked = [part for error in wrong for part in _differences(error, "request")]
            told = [
                part
                for error in self._api.iter_response_errors(request, answer)
                for part in _differences(error, "answer")
            ]
        rest = self._undescribed(operation, exchange, query)
        return sorted({Finding(operation, *part) for part in (*asked, *told, *rest)})

    def _undescribed(
        self, operation: str, exchange: Exchange, query: Mapping[str, str]
    ) -> Iterator[tuple[str, str, str]]:
        """Yield what a validator of descriptions passes over because the description does not mention it."""
        described, status = self._described(operation), str(exchange.status)
        request_body, answer_body = self.bodies(operation, exchange.status)
        names = {p["name"] for p in self._parameters(operation) if p["in"] == "query"}
        for name in query:
            if name not in names and name.partition("[")[0] not in names:
                yield "query", name, "not described"
        if exchange.body and not request_body:
            yield "request", "body", "not described"
        if exchange.answer and not answer_body and status in described["responses"]:
            yield "answer", "body", "not described"
        for part, node, body in (
            ("request", described.get("requestBody", {}), exchange.body),
            ("answer", described["responses"].get(status, {}), exchange.answer),
        ):
            schema = self._resolved(node).get("content", {}).get("application/json", {}).get("schema")
            if schema and body:
                for place in sorted(set(self._strange(schema, json.loads(body), ()))):
                    yield part, ".".join(place), "not described"

    def _strange(self, schema: dict[str, Any], value: object, place: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
        """Yield the places of members that a schema does not know. Zendesk ignores what it does not know in a request,
        and a client ignores it in an answer: no validator says a word, and a misspelt name goes unnoticed."""
        inside = self._inside(schema)
        if isinstance(value, dict) and inside.known:
            for name, inner in value.items():
                if name in inside.known:
                    yield from self._strange(inside.known[name], inner, (*place, name))
                else:
                    yield (*place, name)
        elif isinstance(value, list) and inside.item:
            for inner in value:
                yield from self._strange(inside.item, inner, (*place, "*"))

    def _inside(self, schema: dict[str, Any]) -> Inside:
        """Return what a schema knows, of all its alternatives together."""
        if id(schema) not in self._known:
            self._known[id(schema)] = self._looked_into(self._resolved(schema))
        return self._known[id(schema)]

    def _looked_into(self, schema: dict[str, Any]) -> Inside:
        parts = [self._inside(part) for words in ("allOf", "anyOf", "oneOf") for part in schema.get(words, ())]
        if schema.get("additionalProperties") or any(part.open for part in parts):
            return Inside({}, {}, open=True)
        known: dict[str, Any] = {}
        item: dict[str, Any] = {}
        for part in (*parts, Inside(schema.get("properties", {}), schema.get("items", {}))):
            known |= part.known
            item = part.item or item
        return Inside(known, item)

    def _described(self, operation: str) -> dict[str, Any]:
        method, _, template = operation.partition(" ")
        found: dict[str, Any] = self._document["paths"][template][method.lower()]
        return found

    def _parameters(self, operation: str) -> list[dict[str, Any]]:
        item = self._document["paths"][operation.partition(" ")[2]]
        found = [*item.get("parameters", ()), *self._described(operation).get("parameters", ())]
        return [self._resolved(parameter) for parameter in found]

    def _resolved(self, node: dict[str, Any]) -> dict[str, Any]:
        return _resolved(self._document, node)


@dataclass
class Review:
    """What exchanges came to: how often each operation was checked, and what was found.

    `listed` counts those that a list of ours explains, `strangers` names those that nothing explains. `bodies` counts
    the requests and answers whose body has a description.
    """

    checked: Counter[str] = field(default_factory=Counter)
    statuses: set[tuple[str, str]] = field(default_factory=set)
    bodies: Counter[str] = field(default_factory=Counter)
    findings: set[Finding] = field(default_factory=set)
    listed: Counter[str] = field(default_factory=Counter)
    strangers: set[str] = field(default_factory=set)


def review(contract: Contract, exchanges: Iterable[Exchange], listed: Iterable[str], *, every: bool = False) -> Review:
    """Check exchanges, those of one shape once unless `every`; `listed` are operations without a description."""
    found, seen = Review(), set()
    patterns = {operation: _pattern(operation) for operation in listed}
    for exchange in exchanges:
        operation = contract.operation_of(exchange)
        if operation is None:
            names = [name for name, pattern in patterns.items() if pattern.fullmatch(exchange.where)]
            found.listed.update(names)
            found.strangers |= set() if names else {exchange.where}
            continue
        if not every:
            if (operation, exchange.shape) in seen:
                continue
            seen.add((operation, exchange.shape))
        found.checked[operation] += 1
        found.statuses.add((operation, str(exchange.status)))
        request, answer = contract.bodies(operation, exchange.status)
        found.bodies.update({"requests": bool(exchange.body) and request, "answers": bool(exchange.answer) and answer})
        found.findings.update(contract.check(exchange))
    return found


def _pattern(operation: str) -> re.Pattern[str]:
    """Return what matches method and path: ``{...id}`` is a number, ``{locale}`` a locale."""
    text = re.sub(r"\\{\w*id\\}", r"\\d+", re.escape(operation))
    return re.compile(text.replace(r"\{locale\}", "[a-z]{2}(-[a-z]{2})?"))


def _operations(document: Mapping[str, Any]) -> Iterator[str]:
    for template, item in document["paths"].items():
        yield from (f"{method.upper()} {template}" for method in METHODS if method in item)


def _resolved(document: Mapping[str, Any], node: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in node:
        found: Any = document
        for part in str(node["$ref"]).removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def _belongs(document: Mapping[str, Any], parameter: dict[str, Any], template: str) -> bool:
    found = _resolved(document, parameter)
    return found["in"] != "path" or f"{{{found['name']}}}" in template


def _differences(error: Exception, part: str) -> Iterator[tuple[str, str, str]]:
    """Yield part, place and fault of everything that one error of the validator says."""
    if isinstance(error, SecurityValidationError):
        yield "header", "authorization", "missing"
        return
    if isinstance(error, ResponseFinderError):
        yield "status", re.sub(r"\D", "", str(error)), "not described"
        return
    start: tuple[str, ...] = ()
    if isinstance(error, ParameterValidationError):
        part, start = error.location, (error.name,)
    faults = getattr(error.__cause__, "schema_errors", None)
    if faults is None:
        yield part, ".".join(start) or "body", f"{type(error).__name__}: {error.__cause__ or error}"
        return
    for fault in faults:
        steps = ("*" if isinstance(step, int) else str(step) for step in fault.absolute_path)
        yield part, ".".join((*start, *steps)) or "body", _fault(fault.validator, fault.instance, fault.message)


def _fault(rule: str, value: object, message: str) -> str:
    if value is None:
        return "is null"
    if rule == "type":
        return f"is {_TYPES.get(type(value), 'an object')}"
    if rule in ("required", "additionalProperties"):
        return message
    return f"breaks {rule}"


_TYPES: Mapping[type, str] = {
    str: "a text",
    bool: "a flag",
    int: "a number",
    float: "a number",
    list: "a list",
}


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Reads the vendor's file: a bare ``=`` is a text there, and dates stay texts."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda _, node: node.value)
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag != "tag:yaml.org,2002:timestamp"]
    for first, known in _Loader.yaml_implicit_resolvers.items()
}


def _yaml(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), _Loader)
    return found
