"""What people do by hand on Movidesk: the article's actions M1 to M8, where they click, and notices in one visit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from providers.movidesk import notice_kind, people, people_words
from providers.movidesk.provider import open_target
from providers.places import CHECK, LOCALES, Place
from runner.commands import operate
from runner.commands import people as acks
from runner.model import UNKNOWN
from runner.people import Ack
from runner.spi import Context, Found, InvalidInput, KindSpec, Means, Reversal, Target, Want
from runner.store import tasks
from runner.testing.io import ScriptedIo
from tests.support.movidesk import MovideskLab, target

OPENS, CLOSES = datetime(2026, 12, 11, 14, 30, tzinfo=UTC), datetime(2026, 12, 11, 17, 30, tzinfo=UTC)
PLACES = (*people.PLACES.table, notice_kind.PLACE)
KINDS: Mapping[str, KindSpec] = open_target(target(), ScriptedIo()).capabilities()
TEXT = {"pt-BR": "Voltamos às 14h30", "es": "Volvemos a las 14:30"}


def context(language: str = "en", *, early: timedelta = timedelta(), reader: str = "") -> Context:
    window = (OPENS, CLOSES)
    return Context("cup@1", "step", target(), OPENS - early, CLOSES, window, "America/Sao_Paulo", language, reader)


def wants(kind: str, with_: Mapping[str, Any], given: Context | None = None) -> Sequence[Want]:
    """What the engine does with a human step: query, then claims of an object that nobody has read."""
    spec, where = KINDS[kind], given or context()
    jsonschema.Draft202012Validator(spec.schema).validate(with_)
    return [want for key in spec.query(with_, where).ids for want in spec.claims(with_, where, Found(key, key, {}))]


# --- places ---------------------------------------------------------------------------------------------------------


def test_every_action_without_an_api_has_a_place() -> None:
    """All rows of the article that only people can do are served; everything but tickets is for people."""
    assert {row for place in PLACES for row in place.rows} >= {f"M{n}" for n in range(1, 9)}
    assert {kind for kind, spec in KINDS.items() if spec.means is Means.API} == {"tickets", "snooze"}


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place.kind}-{place.name}")
def test_a_place_has_title_and_path_in_four_languages(place: Place) -> None:
    """No language is missing, and a path that no page of the vendor confirms in that language says so."""
    for texts in (place.title(), place.menu()):
        assert list(texts) == list(LOCALES)
        assert all(text.strip() for text in texts.values())
    for at, (locale, menu) in enumerate(place.menu().items()):
        assert (CHECK[at] in menu) is (locale not in place.sure)
    assert all(("{}" in title) is place.name.endswith("*") for title in place.title().values())


@pytest.mark.parametrize(
    ("kind", "with_", "title", "menu", "value"),
    [
        (
            "channel_hours",
            {"channel": "chat application Site", "closed": "window"},
            "Horario de atención de la aplicación de chat Site",
            f"Configuración > Chat > Aplicaciones > Site > Horario de atención ({people_words.ONLY_ADMIN[1]})",
            "fri close 11:30-14:30",
        ),
        (
            "channel_hours",
            {"channel": "WhatsApp", "closed": "window"},
            "Horario de atención de WhatsApp",
            "Configuración > Chat > WhatsApp (lo debe hacer un administrador de la base)",
            "fri close 11:30-14:30",
        ),
        (
            "message",
            {"message": "agents offline Suporte", "text": TEXT},
            "Mensaje cuando los agentes del grupo de chat Suporte estén offline",
            "Configuración > Chat > Grupos de chat > Suporte > Mensajes predeterminados > "
            "Cuando los agentes estén offline",
            "pt-BR: Voltamos às 14h30; es: Volvemos a las 14:30",
        ),
        (
            "holiday",
            {"schedule": "SLA rules", "name": "Partido"},
            "Feriado en las reglas de SLA",
            "Reglas de SLA > Feriados (sin efecto en las reglas con horas calendario: revisa cada regla)",
            "name Partido, start_date 2026-12-11, end_date 2026-12-11",
        ),
    ],
)
def test_the_reader_is_told_what_where(kind: str, with_: Any, title: str, menu: str, value: str) -> None:
    """The name of an application or a group is part of title and path."""
    (want,) = wants(kind, with_, context("es"))
    assert (want.title, want.menu, want.claim.value) == (title, menu, value)


def test_several_chat_groups_are_several_tasks() -> None:
    """Each group has its own screen, and so its own slot."""
    found = wants("message", {"message": ["start of service Vendas", "Start of service: Suporte"], "text": TEXT})
    assert [want.title.rpartition(" ")[2] for want in found] == ["Vendas", "Suporte"]
    assert len({want.menu for want in found}) == 2


def test_the_hours_of_a_chat_change_in_the_days_before_only() -> None:
    """As Movidesk asks for: a step that begins earlier than a week before is refused, with the words to write."""
    with_ = {"channel": "WhatsApp", "closed": "window"}
    assert wants("channel_hours", with_, context(early=timedelta(days=7)))
    for kind, given in (("channel_hours", with_), ("message", {"message": "agents offline X", "text": "Hi"})):
        with pytest.raises(InvalidInput, match="in the days before, not earlier") as refused:
            wants(kind, given, context(early=timedelta(days=8)))
        assert "start - 7d" in refused.value.hint


def test_an_unknown_place_is_refused_with_the_nearest_names() -> None:
    """A typing error is found in review."""
    with pytest.raises(InvalidInput) as refused:
        wants("channel_hours", {"channel": "Whatsap", "closed": "window"})
    assert refused.value.hint.startswith("did you mean WhatsApp")


def test_a_holiday_warns_of_calendar_hours() -> None:
    """M8 has no effect on rules that count every hour: the plan says so, before anybody clicks."""
    (said,) = open_target(target(), ScriptedIo()).advise("holiday", {"schedule": "SLA rules", "name": "Partido"})
    assert said.startswith("SLA rules set to calendar hours count holidays as working time")


# --- notices --------------------------------------------------------------------------------------------------------


def test_a_notice_is_one_form_with_both_times() -> None:
    """When it appears and when it is suspended stand in the same step, in the target's time, all languages in one."""
    with_ = {
        "subject": {"es": "Cerrado", "pt-BR": "Fechado"},
        "body": TEXT,
        "audience": {"customers": "all", "agents": ["N1", "N2"]},
        "mail_account": "avisos@example.movidesk.com",
    }
    (want,) = wants("notice", with_, context("pt-BR", early=timedelta(days=2)))
    assert str(want.claim.value).splitlines() == [
        "Summary: Fechado / Cerrado",
        "Content: Voltamos às 14h30",
        "",
        "Volvemos a las 14:30",
        "Shown from: 2026-12-09 11:30 (America/Sao_Paulo)",
        "Suspended at: 2026-12-11 14:30 (America/Sao_Paulo)",
        "Clients: all",
        "Agents: N1, N2",
        "Sent from: avisos@example.movidesk.com",
    ]
    assert want.title == "Aviso no Mural de avisos"
    assert want.menu.startswith(
        "Mural de avisos > Novo aviso (defina as duas datas de uma vez; os destinatários recebem"
    )
    (read,) = wants("notice", {"subject": "Cerrado"}, context("es", reader="es"))
    assert str(read.claim.value).splitlines()[1].startswith("Se muestra desde: 2026-12-11 11:30")
    assert KINDS["notice"].reversal is Reversal.FOLLOW_UP


def test_a_summary_has_140_characters() -> None:
    """All languages count together: the board has one field for them."""
    subject = {"pt-BR": "x" * 70, "es": "y" * 67}
    assert wants("notice", {"subject": subject, "audience": {"agents": "all"}})[0].claim.value
    with pytest.raises(InvalidInput, match="140 characters at most, this one has 141"):
        wants("notice", {"subject": {**subject, "es": "y" * 68}})


def test_a_notice_is_put_up_in_one_visit_and_followed_up(tmp_path: Path) -> None:
    """Nobody is sent to the board again when the outage ends as planned; the follow-up says that it is over."""
    lab = MovideskLab(tmp_path, tickets=0)
    back = {"uses": "notice", "target": "desk", "with": {"subject": "We are back"}, "until": "end + 1d"}
    book = lab.playbook("cup", [{"id": "board", "uses": "notice", "with": {"subject": "Closed"}, "restore": [back]}])

    def waiting() -> list[str]:
        with lab.session.store.reading() as conn:
            rows = [task for task in tasks.tasks(conn, lab.outage(book).id) if task.state in tasks.WAITING]
        return [f"{task.run} {task.direction}" for task in rows]

    def done(step: str) -> None:
        row = operate.the_outage(lab.session, "cup")
        acks.acknowledge(lab.session, row, step, "", Ack("maria", UNKNOWN), before=None, progress=lab.progress)

    lab.apply(book)
    assert waiting() == ["board open"]
    done("board")
    lab.later(hours=4).tick()
    assert waiting() == ["board/restore/1 open"]
    done("board/restore/1")
    lab.later(days=2).tick()
    assert waiting() == []
    assert operate.the_outage(lab.session, "cup", states=("closed",)).state == "closed"


def test_a_target_without_a_zone_of_its_own_is_told_in_utc() -> None:
    """The person reads which clock is meant."""
    given = Context("cup@1", "step", Target("desk", "movidesk"), OPENS, CLOSES, (OPENS, CLOSES), "UTC")
    assert "Shown from: 2026-12-11 14:30 (UTC)" in notice_kind.form({"subject": "Closed"}, given)
