"""Notices on Movidesk's board, put there by a person in one visit: when it appears and when it is suspended is set at
once (M1), so that there is nothing to do at the end. Its recipients get it as mail: that cannot be taken back.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from providers.movidesk.people_words import BOARD, NEW_NOTICE
from providers.places import LOCALES, Place
from runner import kinds
from runner.kinds.shape import NAME, describe
from runner.model import Claim, Op
from runner.spi import Context, Found, InvalidInput, KindSpec, Reversal, Want

SUMMARY: Final = 140  # characters [DOC]
VALUE: Final = "value"
ONE_VISIT: Final = (
    "set both times at once; its recipients get a mail, which cannot be taken back",
    "fija las dos fechas de una vez; los destinatarios reciben un correo, que no se puede deshacer",
    "defina as duas datas de uma vez; os destinatários recebem um e-mail, que não pode ser desfeito",
    "задайте обидва часи одразу; адресати отримають лист, якого не повернути",
)
PLACE: Final = Place(
    "notice",
    "board",
    ("M1", "M2"),
    (
        "Notice on the board",
        "Aviso en el Muro de Avisos",
        "Aviso no Mural de avisos",
        "Оголошення на дошці",
    ),
    (BOARD, NEW_NOTICE),
    note=ONE_VISIT,
    sure=("en", "es"),
)
FORM: Final[Mapping[str, tuple[str, str, str, str]]] = {
    "summary": ("Summary", "Resumen", "Resumo", "Підсумок"),
    "content": ("Content", "Contenido", "Conteúdo", "Текст"),
    "from": ("Shown from", "Se muestra desde", "Exibido a partir de", "Показувати з"),
    "until": ("Suspended at", "Se suspende el", "Suspenso em", "Призупинити"),
    "customers": ("Clients", "Clientes", "Clientes", "Клієнти"),
    "agents": ("Agents", "Agentes", "Agentes", "Агенти"),
    "mail": ("Sent from", "Se envía desde", "Enviado de", "Надіслати з"),
}
ALL: Final = ("all", "todos", "todos", "усі")
NOBODY: Final = ("nobody", "nadie", "ninguém", "ніхто")


def notice() -> KindSpec:
    """Return the kind. Slots: key = marker, path ``value``: the form to fill in, field by field."""
    base = kinds.person(kinds.notice())

    def claims(with_: Mapping[str, Any], context: Context, found: Found) -> Sequence[Want]:
        del found
        title = kinds.one_text(PLACE.title(), context)
        menu = kinds.one_text(PLACE.menu(), context)
        return [Want(VALUE, Claim(Op.PUT, form(with_, context)), title=title, menu=menu)]

    mail = describe(NAME, "Mail account", "The account that sends it; one @movidesk has no daily limit.")
    board = describe({"enum": ["board"], "default": "board"}, "Place", "The notice board.")
    return replace(
        base,
        schema=kinds.extend(base, {"place": board, "mail_account": mail}),
        claims=claims,
        reversal=Reversal.FOLLOW_UP,
        menu=PLACE.menu(),
        notes=(
            f"One visit: the board shows and suspends it by itself. A summary has {SUMMARY} characters at most.",
            "Its recipients get it as mail at once: that cannot be taken back, a follow-up says that it is over.",
            "Outages that end before their time leave it on the board until it is suspended by hand.",
        ),
    )


def form(with_: Mapping[str, Any], context: Context) -> str:
    """Return what to type into the board's form, a line a field. Raises `InvalidInput`."""
    end = context.end or context.window[1]
    summary = kinds.every_text(with_.get("subject", ""), context, " / ")
    content = kinds.every_text(with_.get("body", ""), context, "\n\n")
    if len(summary) > SUMMARY:
        raise InvalidInput(
            f"step {context.step}: the summary of a notice on {context.target.name} has {SUMMARY} characters at most, "
            f"this one has {len(summary)} (all languages in one)",
            hint="shorten `subject`; the rest belongs into `body`",
        )
    audience = with_.get("audience", {})
    fields = {
        "summary": summary,
        "content": content,
        "from": _local(context.start, context),
        "until": _local(end, context),
        "customers": _whom(audience.get("customers", "all" if not audience else None), context),
        "agents": _whom(audience.get("agents", "all" if not audience else None), context),
        "mail": str(with_.get("mail_account", "")),
    }
    return "\n".join(f"{_word(FORM[name], context)}: {text}" for name, text in fields.items() if text)


def _local(instant: datetime, context: Context) -> str:
    return f"{instant.astimezone(ZoneInfo(context.target.zone)):%Y-%m-%d %H:%M} ({context.target.zone})"


def _whom(given: Any, context: Context) -> str:
    if given is None:
        return _word(NOBODY, context)
    names = [given] if isinstance(given, str) else list(given)
    return ", ".join(_word(ALL, context) if name == "all" else str(name) for name in names)


def _word(words: tuple[str, str, str, str], context: Context) -> str:
    """Return one of our words in the language of whoever reads the value; stored values have English ones."""
    table = dict(zip(LOCALES, words, strict=True))
    return kinds.for_locale(table, context.reader) or words[0]
