"""What a provider is: three methods and a table of what each kind can do.

A provider is a factory registered under the entry-point group ``runner.providers``: ``open(target, io) -> Provider``.
Opening does no I/O: credentials are resolved at the first read, so that `capabilities()` works offline at review time.

    read   lazily yields (slot, value), all slots of one object in a row, one page in memory
    write  yields one `Outcome` per change, in order; before the outcomes of an asynchronous job, one `Accepted`

There is no restore: it is a write.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time
from enum import StrEnum
from functools import lru_cache
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

from runner.errors import (
    Forbidden,
    InvalidInput,
    NotFound,
    NotSent,
    ProviderError,
    RateLimited,
    Rejected,
    Unauthorized,
    Unavailable,
)
from runner.model import Accepted, Change, Claim, Json, Merge, Outcome, Slot, Value

__all__ = [
    "ClaimsOf",
    "Context",
    "Examiner",
    "Finding",
    "Forbidden",
    "Found",
    "Free",
    "Identity",
    "InvalidInput",
    "Io",
    "KindSpec",
    "Means",
    "NotFound",
    "NotSent",
    "OpenProvider",
    "Provider",
    "ProviderError",
    "Query",
    "QueryOf",
    "Queue",
    "RateLimited",
    "Reader",
    "Rejected",
    "Reversal",
    "SaysOf",
    "Secret",
    "Target",
    "Unauthorized",
    "Unavailable",
    "Waiting",
    "Want",
]


class Means(StrEnum):
    """Who carries a kind out.

    What a person does and the runner checks is read once when the step opens (that is the value before), and again when
    somebody says that it is done; a path that nothing shows is answered with UNKNOWN, and is taken on trust.
    """

    API = "api"
    VERIFY = "verify"  # a person does it, the runner checks it by reading
    PERSON = "person"


class Reversal(StrEnum):
    """How a kind is taken back."""

    WRITE = "write"
    FOLLOW_UP = "follow-up"
    NONE = "none"


class Identity(StrEnum):
    """How an object that we create is found again."""

    NATURAL = "natural"
    MARKER = "marker"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Secret:
    """A credential that prints as ``***``; only `reveal()` gives the text."""

    text: str = field(repr=False)

    def reveal(self) -> str:
        """Return the secret text."""
        return self.text

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True)
class Target:
    """One account of one vendor, as configured in runner.yaml.

    `options` are the provider's own settings; `credentials` maps a name to a reference (``env:NAME``, ``file:PATH``);
    `pause` maps the common word `pause` to the target's own status value; `zone` is an IANA name.
    `folder` is the folder of runner.yaml: relative paths in options start there.
    """

    name: str
    provider: str
    options: Mapping[str, Any] = field(default_factory=dict)
    credentials: Mapping[str, str] = field(default_factory=dict)
    zone: str = "UTC"
    words: Mapping[str, Json] = field(default_factory=dict)
    locales: tuple[str, ...] = ()
    reserve: float = 0.3
    folder: str = "."


class Io(Protocol):
    """What a provider may use of the outside world."""

    def now(self) -> datetime:
        """Return the current instant, in UTC."""

    def sleep(self, seconds: float) -> None:
        """Wait."""

    def transport(self) -> Any:
        """Return the httpx transport to send with, None for the network."""

    def dial(self, host: str, port: int, timeout: float) -> Any:
        """Return a connected socket, for protocols other than HTTP. Raises OSError."""

    def secret(self, reference: str) -> Secret:
        """Resolve a credential reference; raises `Unauthorized` with a sentence when it is missing."""

    def pseudonym(self, text: str) -> str:
        """Return 20 letters and digits that stand for a person in keys and journals: a keyed hash, the same for one
        store."""


@dataclass(frozen=True, slots=True)
class Query:
    """Which objects to read, and which of their paths.

    Exactly one of `ids`, `names` or `where` selects; none of them means all objects of the kind. The runner resolves
    `names` to `ids` before a provider sees the query. An explicit id that does not exist is yielded with ABSENT in
    every path asked for. `paths` lists exact paths; a path ending in ``/*`` asks for all below it. Every kind also
    answers the path `name` (and `zone` where it has one).
    """

    kind: str
    ids: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    where: Mapping[str, Any] | None = None
    paths: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One object that a query found: its key, its display name, and the values of the paths asked for."""

    key: str
    name: str
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Want:
    """One claim on one path of one object. `payload` is what a digest in the claim stands
    for: the content of an effect above all.

    `title` and `menu` are for the person who carries the step out: what to do, and where to click. `who` that is, where
    the claim knows better than the step.
    """

    path: str
    claim: Claim
    payload: Json = None
    title: str = ""
    menu: str = ""
    who: str = ""


@dataclass(frozen=True, slots=True)
class Context:
    """What the pure functions of a kind may know. `start` and `end` are the instants between which the step is active.

    `end` is None for something that stays. `window` is the window of the outage itself, as instants. `language` chooses
    among texts; `reader` is the language of our own words in a value that a person sets, "" for those that are stored.
    """

    outage: str
    step: str
    target: Target
    start: datetime
    end: datetime | None
    window: tuple[datetime, datetime]
    timezone: str
    language: str = "en"
    reader: str = ""

    def marker(self, item: str = "") -> str:
        """Return the marker of an object that this step creates: ``or-`` and 12 lower-case base32 characters."""
        return _marker(self.outage, self.step, item)


@lru_cache(maxsize=256)
def _marker(*parts: str) -> str:
    from base64 import b32encode
    from hashlib import sha256

    return "or-" + b32encode(sha256("\n".join(parts).encode()).digest()).decode().lower()[:12]


QueryOf: TypeAlias = Callable[[Mapping[str, Any], Context], Query]
ClaimsOf: TypeAlias = Callable[[Mapping[str, Any], Context, Found], Sequence[Want]]
SaysOf: TypeAlias = Callable[[Mapping[str, Any], Context, Sequence[Found]], Sequence[str]]


@dataclass(frozen=True, slots=True)
class Free:
    """Hours of the day in which a vendor counts no requests, in the zone (IANA name) of its clock; they may go over
    midnight."""

    begins: time
    ends: time
    zone: str


@dataclass(frozen=True, slots=True)
class KindSpec:
    """What one kind of step can do on one target. Everything here is known offline.

    schema      JSON Schema of the step's `with`
    query       pure: which objects the step touches, and which paths must be read to decide
    claims      pure: what the step wants in one object found
    merges      path or ``prefix/*`` -> how layers combine there
    whole_object  all paths of one object are written by one request (never split over batches)
    precondition  `write` itself refuses a change whose `before` is not live any more (verdict MOVED)
    settle      seconds during which a read may still show the old value
    deadline    seconds that one request may take at most, reply included
    page, max_batch  objects per read request and per write request
    max_in_flight  write requests that may be under way at once: `write` gets up to `batch` objects, splits them, and
                yields one `Accepted` for each job, and again whenever it looks at them (that renews the lease)
    job_time    seconds that an asynchronous job may take at most; 0 for a kind that is written at once. A kind with
                jobs answers the path ``job`` of their ids with ``running`` or ``done``, and, asked for no id, of every
                job that may be ours: recovery waits for them before it looks
    rate        requests per minute that the vendor allows us, None for no known limit
    free        hours in which `rate` does not count
    flags       what the target does by itself where vendors differ, and a plan says: of `snooze` whether it
                ``ends_on_customer_reply``, ``reopens_at_due``, ``reassigns_to_snoozer``, ``survives_manual_reopen``
    gives_back  values of `status` that the vendor accepts on restore; None means any
    values      path -> the only values that the target knows there; none when that is not known offline. Under
                ``select/<path>``, what a selection may name, where that is more than can be set
    matches     pure: whether an object with these values is selected by `where` (for objects that we already hold)
    says        pure: what a plan says of all objects of a step together, such as when the last of them is due
    menu        for a person: locale -> menu path ("Settings > Chat > Hours")
    announces   locale-bearing fields of `with` that a required locale must not miss
    """

    kind: str
    title: str
    schema: Mapping[str, Any]
    query: QueryOf
    claims: ClaimsOf
    merges: Mapping[str, Merge]
    means: Means = Means.API
    reversal: Reversal = Reversal.WRITE
    identity: Identity = Identity.NATURAL
    whole_object: bool = False
    precondition: bool = False
    settle: float = 0.0
    deadline: float = 30.0
    page: int = 100
    max_batch: int = 100
    max_in_flight: int = 1
    job_time: float = 0.0
    rate: float | None = None
    free: Free | None = None
    flags: Mapping[str, bool] = field(default_factory=dict)
    gives_back: frozenset[str] | None = None
    values: Mapping[str, frozenset[str]] = field(default_factory=dict)
    matches: Callable[[Mapping[str, Any], Mapping[str, Value]], bool] | None = None
    says: SaysOf | None = None
    normalise: Callable[[str, Value], Value] | None = None
    menu: Mapping[str, str] = field(default_factory=dict)
    announces: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def by_hand(self) -> bool:
        """Whether people carry the kind out."""
        return self.means is not Means.API

    @property
    def batch(self) -> int:
        """Return how many objects one `write` gets at most."""
        return self.max_batch * self.max_in_flight

    def merge(self, path: str) -> Merge:
        """Return how layers combine at `path` (exact entry first, then its ``prefix/*``; ATOMIC otherwise)."""
        if path in self.merges:
            return self.merges[path]
        return self.merges.get(path.rpartition("/")[0] + "/*", Merge.ATOMIC)


class Reader(Protocol):
    """The half of a provider that a plan may see."""

    def capabilities(self) -> Mapping[str, KindSpec]:
        """Return the kinds that this target offers. Offline, without credentials."""

    def read(self, query: Query) -> Iterator[tuple[Slot, Value]]:
        """Yield (slot, value) of the objects selected, all slots of one object in a row. Raises `ProviderError`."""


class Provider(Reader, Protocol):
    """A target that can be read and written."""

    def write(self, batch: Sequence[Change]) -> Iterator[Outcome | Accepted]:
        """Set every slot to its `after`; yield one outcome per change, in order. Raises `ProviderError`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What a provider found out about its account. `state` is ok, note or problem; `hint` is the next step."""

    state: Literal["ok", "note", "problem"]
    message: str
    hint: str = ""


@runtime_checkable
class Examiner(Protocol):
    """What a provider may offer besides the three methods, for `runner doctor` and for plans. Reads only."""

    def examine(self) -> Iterator[Finding]:
        """Yield what is missing or remarkable about the account and the credential. Raises `ProviderError`."""

    def advise(self, kind: str, with_: Mapping[str, Any]) -> Iterator[str]:
        """Yield sentences that somebody should read before a step is carried out. Raises `ProviderError`."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One ticket that waits for an answer. `due` is when its first service level is broken, `since` when anybody
    touched it last: RFC 3339 in UTC, "" when not known."""

    key: str
    name: str
    status: str
    priority: str
    group: str
    due: str
    since: str


@runtime_checkable
class Queue(Protocol):
    """What a provider may offer besides the three methods, for `runner report priority`. Reads only."""

    def waiting(self) -> Iterator[Waiting]:
        """Yield the tickets that wait for an answer, in any order, a page at a time. Raises `ProviderError`."""


OpenProvider: TypeAlias = Callable[[Target, Io], Provider]
