"""The tables of the store, version 1, for SQLAlchemy Core.

Readable with `sqlite3` alone: values are canonical JSON text (ABSENT is ``{"$":"absent"}``), times are UTC epoch
milliseconds. `slots.base` and `journal.changes` (the before-images) are write-once: triggers refuse to change them.
"""

from __future__ import annotations

from functools import cache
from typing import Final

from sqlalchemy import Boolean, Column, Index, Integer, MetaData, PrimaryKeyConstraint, Table, Text, text
from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

SCHEMA_VERSION: Final = 1

metadata = MetaData()

meta = Table(
    "meta",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("min_reader", Integer, nullable=False),
    Column("lineage", Text, nullable=False),
    Column("counter", Integer, nullable=False),  # the n of layers: one counter, never a clock
    Column("ticked_ms", Integer, nullable=False),
)

outages = Table(
    "outages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("playbook", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("state", Text, nullable=False),  # registered open closing closed cancelled missed
    Column("desired", Text, nullable=False),  # apply revert
    Column("priority", Integer, nullable=False),
    Column("n", Integer, nullable=False),
    Column("start_ms", Integer, nullable=False),
    Column("restore_ms", Integer, nullable=False),  # the restore that every outage owes from its first write on
    Column("when_told", Boolean, nullable=False),
    Column("timezone", Text, nullable=False),
    Column("frozen", Text, nullable=False),  # the playbook with its texts: all that a revert needs
    Column("digest", Text, nullable=False),
    Column("imported", Boolean, nullable=False, server_default=text("0")),
    Column("created_ms", Integer, nullable=False),
)

runs = Table(
    "runs",
    metadata,
    Column("outage", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("ord", Integer, nullable=False),
    Column("state", Text, nullable=False),  # pending opening active closing done waiting failed skipped cancelled
    Column("digest", Text, nullable=False),  # of the run as it was opened: another one means amend
    Column("message", Text, nullable=False, server_default=text("''")),
    Column("lead_ms", Integer, nullable=False, server_default=text("0")),  # how much earlier `ready` makes it start
    PrimaryKeyConstraint("outage", "run"),
)

slots = Table(
    "slots",
    metadata,
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("merge", Text, nullable=False),
    Column("base", Text, nullable=False),  # the original before-image
    Column("last", Text, nullable=False),
    Column("rev", Integer, nullable=False),
    PrimaryKeyConstraint("target", "kind", "key", "path"),
    sqlite_with_rowid=False,
)

layers = Table(
    "layers",
    metadata,
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("owner", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("n", Integer, nullable=False),
    Column("priority", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("claim", Text, nullable=False),
    Column("seen_at", Text, nullable=False),
    PrimaryKeyConstraint("target", "kind", "key", "path", "owner", "run", "n"),
    Index("layers_of_run", "owner", "run", "target", "kind", "key"),
    sqlite_with_rowid=False,
)

journal = Table(
    "journal",
    metadata,
    Column("seq", Integer, primary_key=True),
    Column("outage", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("direction", Text, nullable=False),  # open close
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("changes", Text, nullable=False),  # {path: [before, after]}
    Column("state", Text, nullable=False),  # intent done same void retried rejected unknown dropped
    Column("token", Integer, nullable=False),
    Column("ref", Text, nullable=False, server_default=text("''")),  # a vendor's job
    Column("reason", Text, nullable=False, server_default=text("''")),
    Column("at_ms", Integer, nullable=False),
)
Index(
    "journal_open",
    journal.c.target,
    journal.c.kind,
    journal.c.key,
    sqlite_where=text("state IN ('intent', 'void', 'unknown')"),
)
Index("journal_of_outage", journal.c.outage, journal.c.run, journal.c.state)

leases = Table(
    "leases",
    metadata,
    Column("name", Text, primary_key=True),
    Column("owner", Text, nullable=False),
    Column("token", Integer, nullable=False),  # only grows; rows are never deleted
    Column("expires_ms", Integer, nullable=False),
    Column("reason", Text, nullable=False, server_default=text("''")),
)

tasks = Table(
    "tasks",
    metadata,
    Column("outage", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("target", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("path", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("menu", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("state", Text, nullable=False),  # waiting question done dropped
    Column("due_ms", Integer, nullable=False),
    PrimaryKeyConstraint("outage", "run", "item", "direction"),
)

acks = Table(
    "acks",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("outage", Text, nullable=False),
    Column("run", Text, nullable=False),
    Column("item", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("before", Text, nullable=False),
    Column("evidence", Text, nullable=False),
    Column("evidence_hash", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("at_ms", Integer, nullable=False),
)

events = Table(
    "events",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at_ms", Integer, nullable=False),
    Column("outage", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("actor", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
)

rehearsals = Table(
    "rehearsals",
    metadata,
    Column("digest", Text, primary_key=True),  # playbook and configuration of its targets
    Column("at_ms", Integer, nullable=False),
    Column("passed", Boolean, nullable=False),
)

TRIGGERS: Final = (
    "CREATE TRIGGER slots_base_write_once BEFORE UPDATE OF base ON slots WHEN NEW.base <> OLD.base "
    "BEGIN SELECT RAISE(ABORT, 'slots.base is write-once'); END",
    "CREATE TRIGGER journal_before_write_once BEFORE UPDATE OF changes ON journal WHEN NEW.changes <> OLD.changes "
    "BEGIN SELECT RAISE(ABORT, 'journal.changes is write-once'); END",
    "CREATE TRIGGER journal_append_only BEFORE DELETE ON journal "
    "BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END",
    "CREATE TRIGGER acks_append_only BEFORE UPDATE ON acks BEGIN SELECT RAISE(ABORT, 'acks are append-only'); END",
    "CREATE TRIGGER acks_kept BEFORE DELETE ON acks BEGIN SELECT RAISE(ABORT, 'acks are append-only'); END",
    "CREATE TRIGGER events_append_only BEFORE UPDATE ON events "
    "BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    "CREATE TRIGGER events_kept BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END",
    "CREATE TRIGGER leases_token_grows BEFORE UPDATE OF token ON leases WHEN NEW.token < OLD.token "
    "BEGIN SELECT RAISE(ABORT, 'the token only grows'); END",
    "CREATE TRIGGER leases_kept BEFORE DELETE ON leases BEGIN SELECT RAISE(ABORT, 'leases are never deleted'); END",
)


@cache
def ddl() -> tuple[str, ...]:
    """Return the statements that make all tables, indexes and triggers in an empty database, compiled once."""
    dialect = sqlite.dialect()
    tables = metadata.sorted_tables
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda each: str(each.name))]
    made = [str(CreateTable(table).compile(dialect=dialect)) for table in tables]
    return (*made, *(str(CreateIndex(index).compile(dialect=dialect)) for index in indexes), *TRIGGERS)
