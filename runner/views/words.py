"""The words of the guide for people who carry steps out, in Spanish, Portuguese, English and Ukrainian.

One table, as `kinds.words`: whoever adds a language gives every word. ``{n}`` and other names in braces are filled in
by `str.format`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one language. `days` begin with Monday."""

    language: str
    days: tuple[str, ...]
    months: tuple[str, ...]
    to: str
    nothing_waits: str
    one_waits: str
    many_wait: str
    overdue: str
    was_it_done: str
    put_back: str
    where_and_when: str
    who: str
    where: str
    value: str
    set_it: str
    when_done: str
    if_done: str
    if_not_done: str
    then: str
    as_before: str
    all_steps: str
    no_steps: str
    carry_out: str
    times_of: str
    as_of: str
    owner: str
    before: str
    corrected: str
    of_step: str
    done_by: str
    was_done_by: str
    at: str
    evidence: str
    record: str
    told_one: str
    told_many: str
    told_restore: str
    told_failed: str
    since: str
    acknowledge: str
    all_that_waits: str


ENGLISH: Final = Words(
    language="en",
    days=("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"),
    months=("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
    to="to",
    nothing_waits="No step waits for a person.",
    one_waits="1 step waits for a person",
    many_wait="{n} steps wait for a person",
    overdue="OVERDUE",
    was_it_done="Was this done?",
    put_back="Put back",
    where_and_when="on {target}, due {when}",
    who="who",
    where="where",
    value="value",
    set_it="set it",
    when_done="when it is done, type:",
    if_done="if it was done, type:",
    if_not_done="if it was not done, type:",
    then="then",
    as_before="as it was before: nobody could say what that was",
    all_steps="All steps by hand",
    no_steps="People do nothing by hand in this outage.",
    carry_out="Carry out",
    times_of="All times are those of {zone}.",
    as_of="As of {when}.",
    owner="Questions to",
    before="value before",
    corrected="corrected later to",
    of_step="the value before of step {n}",
    done_by="done by",
    was_done_by="done by {who}, {when}",
    at="at",
    evidence="evidence",
    record="to record it, type:",
    told_one="1 step is overdue",
    told_many="{n} steps are overdue",
    told_restore="{step} is not given back",
    told_failed="{step} failed: {why}",
    since="due since {when}",
    acknowledge="to go on, type:",
    all_that_waits="All that waits:",
)

SPANISH: Final = Words(
    language="es",
    days=("lun", "mar", "mié", "jue", "vie", "sáb", "dom"),
    months=("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic"),
    to="a",
    nothing_waits="Ningún paso espera a una persona.",
    one_waits="1 paso espera a una persona",
    many_wait="{n} pasos esperan a una persona",
    overdue="ATRASADO",
    was_it_done="¿Se hizo esto?",
    put_back="Restablecer",
    where_and_when="en {target}, para el {when}",
    who="quién",
    where="dónde",
    value="valor",
    set_it="poner",
    when_done="cuando esté hecho, escriba:",
    if_done="si se hizo, escriba:",
    if_not_done="si no se hizo, escriba:",
    then="después",
    as_before="como estaba antes: nadie pudo decir cómo era",
    all_steps="Todos los pasos manuales",
    no_steps="En esta interrupción nadie hace nada a mano.",
    carry_out="Realizar",
    times_of="Todas las horas son de {zone}.",
    as_of="Situación: {when}.",
    owner="Preguntas a",
    before="valor anterior",
    corrected="corregido después a",
    of_step="el valor anterior del paso {n}",
    done_by="hecho por",
    was_done_by="hecho por {who}, {when}",
    at="a las",
    evidence="prueba",
    record="para registrarlo, escriba:",
    told_one="1 paso está atrasado",
    told_many="{n} pasos están atrasados",
    told_restore="{step} no se ha restablecido",
    told_failed="{step} ha fallado: {why}",
    since="pendiente desde el {when}",
    acknowledge="para continuar, escriba:",
    all_that_waits="Todo lo pendiente:",
)

PORTUGUESE: Final = Words(
    language="pt-BR",
    days=("seg", "ter", "qua", "qui", "sex", "sáb", "dom"),
    months=("jan", "fev", "mar", "abr", "mai", "jun", "jul", "ago", "set", "out", "nov", "dez"),
    to="a",
    nothing_waits="Nenhum passo espera por uma pessoa.",
    one_waits="1 passo espera por uma pessoa",
    many_wait="{n} passos esperam por uma pessoa",
    overdue="ATRASADO",
    was_it_done="Isto foi feito?",
    put_back="Restaurar",
    where_and_when="em {target}, para {when}",
    who="quem",
    where="onde",
    value="valor",
    set_it="definir",
    when_done="quando estiver feito, digite:",
    if_done="se foi feito, digite:",
    if_not_done="se não foi feito, digite:",
    then="depois",
    as_before="como estava antes: ninguém soube dizer como era",
    all_steps="Todos os passos manuais",
    no_steps="Nesta interrupção ninguém faz nada à mão.",
    carry_out="Executar",
    times_of="Todos os horários são de {zone}.",
    as_of="Situação: {when}.",
    owner="Dúvidas com",
    before="valor anterior",
    corrected="corrigido depois para",
    of_step="o valor anterior do passo {n}",
    done_by="feito por",
    was_done_by="feito por {who}, {when}",
    at="às",
    evidence="prova",
    record="para registrar, digite:",
    told_one="1 passo está atrasado",
    told_many="{n} passos estão atrasados",
    told_restore="{step} não foi restaurado",
    told_failed="{step} falhou: {why}",
    since="pendente desde {when}",
    acknowledge="para continuar, digite:",
    all_that_waits="Tudo o que está pendente:",
)

UKRAINIAN: Final = Words(
    language="uk",
    days=("пн", "вт", "ср", "чт", "пт", "сб", "нд"),
    months=("січ", "лют", "бер", "квіт", "трав", "черв", "лип", "серп", "вер", "жовт", "лист", "груд"),
    to="–",
    nothing_waits="Жоден крок не чекає на людину.",
    one_waits="1 крок чекає на людину",
    many_wait="Кроків, що чекають на людину: {n}",
    overdue="ПРОСТРОЧЕНО",
    was_it_done="Це було зроблено?",
    put_back="Повернути",
    where_and_when="на {target}, до {when}",
    who="хто",
    where="де",
    value="значення",
    set_it="задати",
    when_done="коли зроблено, введіть:",
    if_done="якщо було зроблено, введіть:",
    if_not_done="якщо не було зроблено, введіть:",
    then="потім",
    as_before="як було раніше: ніхто не зміг сказати, як саме",
    all_steps="Усі кроки вручну",
    no_steps="У цьому простої люди нічого не роблять вручну.",
    carry_out="Виконати",
    times_of="Увесь час вказано за зоною {zone}.",
    as_of="Стан на {when}.",
    owner="Запитання до",
    before="попереднє значення",
    corrected="пізніше виправлено на",
    of_step="попереднє значення кроку {n}",
    done_by="виконав(ла)",
    was_done_by="виконав(ла) {who}, {when}",
    at="о",
    evidence="доказ",
    record="щоб записати, введіть:",
    told_one="1 крок прострочено",
    told_many="Прострочено кроків: {n}",
    told_restore="{step}: не повернуто",
    told_failed="{step}: помилка: {why}",
    since="очікується з {when}",
    acknowledge="щоб продовжити, введіть:",
    all_that_waits="Усе, що чекає:",
)

LANGUAGES: Final = (ENGLISH, SPANISH, PORTUGUESE, UKRAINIAN)


def words_of(language: str) -> Words:
    """Return the words of a language; regions do not matter (``es-MX``), and languages not at hand read English."""
    first = language.replace("_", "-").partition("-")[0].lower()
    return next((words for words in LANGUAGES if words.language.partition("-")[0] == first), ENGLISH)
