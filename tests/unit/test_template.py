"""Templates: what they can do, what they refuse, and that none of them hangs or grows."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.template import MAX_SOURCE, TemplateError, compiled, is_template, render, weigh
from runner.template_filters import MAX_TEXT

END = datetime(2026, 12, 11, 14, 30, tzinfo=timezone(timedelta(hours=-3)))
VARIABLES: dict[str, Any] = {
    "vars": {"name": "Suporte", "items": ["chat", "phone"], "link": {"en": "/en", "es": "/es"}, "none": None},
    "name": "Suporte",
    "items": ["chat", "phone"],
    "many": ["x"] * 5000,
    "big": "y" * 60_000,
    "price": 3,
    "on": True,
    "window": {"end": END},
    "outage": {"title": "Match"},
    "locale": "en",
}


def answer(text: str) -> str:
    """Return what becomes of a template: the text, or where and why it is refused."""
    try:
        return render(text, VARIABLES)
    except TemplateError as error:
        return f"{error.what} in line {max(1, error.line)}: {error.message}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain { text } 100%", "plain { text } 100%"),
        ("{{ name }} {{ vars.name }} {{ vars['name'] }}", "Suporte Suporte Suporte"),
        ("{{ window.end }} {{ window.end.hour }}", "2026-12-11 14:30 14"),
        ("{{ window.end | date }}, {{ window.end | time }}", "11 December 2026, 14:30"),
        ("{{ '2026-12-24T08:00' | datetime }}", "24 December 2026, 08:00"),
        ("{{ vars.link[locale] }}{{ vars.items[-1] }}{{ name[:3] }}", "/enphoneSup"),
        ("{{ vars.items | join(', ') }} {{ items | length }} {{ items | first }} {{ items | last }}",
         "chat, phone 2 chat phone"),
        ("{{ name | upper }} {{ name | lower }} {{ 'a b' | title }} {{ 'ab' | capitalize }} {{ ' a ' | trim }}",
         "SUPORTE suporte A B Ab a"),
        ("{{ name | replace('Su', 'Re') }} {{ nothing | default('-') }} {{ vars.x.y | default }}", "Reporte - "),
        ("{{ price * 2 + 1 - 4 / 2 }} {{ 7 // 2 }} {{ 7 % 4 }} {{ -price }} {{ 2.567 | round(2) }} {{ 2.6 | round }}",
         "5.0 3 3 -3 2.57 3"),
        ("{{ 'a' + 'b' }}{{ 'c' ~ 1 ~ true ~ window.end }}", "abc1true2026-12-11 14:30"),
        ("{% if on and not off is defined %}yes{% else %}no{% endif %}", "yes"),
        ("{{ 'in' if 'chat' in items else 'out' }} {{ 1 if price == 3 and price is odd }}", "in 1"),
        ("{% for item in items %}{{ loop.index }}:{{ item }}{% if not loop.last %}, {% endif %}{% endfor %}",
         "1:chat, 2:phone"),
        ("{% for key in vars.link %}{{ key }}{% endfor %}{% for x in vars['items'] %}{{ x }}{% else %}-{% endfor %}",
         "eneschatphone"),
        ("a\n{% if on %}\nb\n{% endif %}\nc", "a\nb\nc"),
        ("{# nothing #}a{% raw %}{{ b }}{% endraw %}", "a{{ b }}"),
    ],
)  # fmt: skip
def test_rendering(text: str, expected: str) -> None:
    """Values, choices, loops, filters and a little arithmetic are all that a template has."""
    assert render(text, VARIABLES) == expected


@pytest.mark.parametrize(
    ("locale", "expected"),
    [
        ("en", "11 December 2026 | 14:30 | 11 December 2026, 14:30"),
        ("es-MX", "11 de diciembre de 2026 | 14:30 | 11 de diciembre de 2026, 14:30"),
        ("pt-BR", "11 de dezembro de 2026 | 14:30 | 11 de dezembro de 2026, 14:30"),
        ("uk", "11 грудня 2026 р. | 14:30 | 11 грудня 2026 р., 14:30"),
        ("de", "2026-12-11 | 14:30 | 2026-12-11 14:30"),
    ],
)
def test_dates_in_the_language_of_the_text(locale: str, expected: str) -> None:
    """Dates read as in the language of the locale, and like ISO where the language is not built in."""
    text = "{{ window.end | date }} | {{ window.end | time }} | {{ window.end | datetime }}"
    assert render(text, {**VARIABLES, "locale": locale}) == expected


def test_dates_without_a_locale() -> None:
    """Without a locale, dates are English."""
    assert render("{{ t | date }}", {"t": END}) == "11 December 2026"


@pytest.mark.parametrize(
    ("text", "what", "line", "message"),
    [
        ("{{ nmae }}", "undefined", 1, "nmae is not defined; did you mean name?"),
        ("a\n\n{{ vars.nmae }}", "undefined", 3, "did you mean name?"),
        ("{{ window.ende }}", "undefined", 1, "did you mean end?"),
        ("{{ window.end.hours }}", "undefined", 1, "did you mean hour?"),
        ("{{ vars.link.fr.x }}", "undefined", 1, "fr is not defined"),
        ("{{ items[9] }}", "undefined", 1, "9 is not defined"),
        ("{{ nothing + 1 }}", "undefined", 1, "nothing is not defined"),
        ("{% for x in nothing %}{% endfor %}", "undefined", 1, "nothing"),
        ("{{ nothing | date }}", "undefined", 1, "nothing"),
        ("{{ nothing | length }}", "undefined", 1, "nothing"),
        ("{{ name.upper }}", "undefined", 1, "upper is not defined"),
        ("{{ ''.__class__ }}", "undefined", 1, "__class__"),
        ("{{ window.end.__class__.__mro__ }}", "undefined", 1, "__class__"),
        ("{{ _work }}", "undefined", 1, "_work is not defined"),
        ("{{ range }}{{ lipsum }}", "undefined", 1, "range is not defined"),
        ("{{ range(3) }}", "syntax", 1, "calls are not allowed"),
        ("{% for a in range(10**9) %}{% endfor %}", "syntax", 1, "a loop goes over a list from vars"),
        ("{% for a in items recursive %}{% endfor %}", "syntax", 1, "recursive"),
        ("{% macro f() %}{{ f() }}{% endmacro %}", "syntax", 1, "macros|calls"),
        ("{% include 'x' %}", "syntax", 1, "other files cannot be read"),
        ("{% import 'x' as y %}", "syntax", 1, "other files cannot be read"),
        ("{% extends 'x' %}", "syntax", 1, "other files cannot be read"),
        ("{% set a = 1 %}", "syntax", 1, "put the value under vars"),
        ("{% with a = 1 %}{% endwith %}", "syntax", 1, "put the value under vars"),
        ("{% autoescape true %}{% endautoescape %}", "syntax", 1, "not allowed"),
        ("{{ {'a': 1} }}", "syntax", 1, "mappings"),
        ("{{ 2 ** 99999999 }}", "syntax", 1, "powers"),
        ("{{ name | uper }}", "syntax", 1, "did you mean upper?"),
        ("{{ name | shout }}", "syntax", 1, "known: date, time"),
        ("{{ name | _each }}", "syntax", 1, "unknown filter"),
        ("{{ window.end | date('x') }}", "syntax", 1, "the filter `date` takes no arguments"),
        ("{{ name | replace('a') }}", "syntax", 1, "the filter `replace` takes 2 arguments"),
        ("a\n{{ items | join(', ', 2) }}", "syntax", 2, "the filter `join` takes at most 1 argument"),
        ("{{ price is odd(3) }}", "syntax", 1, "the test `odd` takes no arguments"),
        ("{{ price is eq }}", "syntax", 1, "the test `eq` takes 1 argument"),
        ("{{ items | join(*items) }}", "syntax", 1, "`*` before a value is not allowed"),
        ("{{ name is callable }}", "syntax", 1, "callable"),
        ("a\n{{ name", "syntax", 2, "unexpected end of template"),
        ("{% if on %}", "syntax", 1, "{% elif %} is missing|{% else %} is missing|{% endif %} is missing"),
        ("{{ 'a' * 10000000000 }}", "failed", 1, "works on numbers"),
        ("{{ '%99999999999d' % 3 }}", "failed", 1, "works on numbers"),
        ("{{ items + items }}", "failed", 1, "join texts with ~"),
        ("{{ true + 1 }}", "failed", 1, "works on numbers"),
        ("{{ items }}", "failed", 1, "the value is a list"),
        ("{{ vars }}", "failed", 1, "not a text"),
        ("{{ vars.none }}", "failed", 1, "the value is nothing"),
        ("{{ 1 / 0 }}", "failed", 1, "division by zero"),
        ("{{ 1 < 'a' }}", "failed", 1, "not supported"),
        ("{{ 'soon' | date }}", "failed", 1, "Invalid isoformat"),
        ("{{ 3 | time }}", "failed", 1, "work on a time"),
        ("{{ name | join }}", "failed", 1, "join works on a list"),
        ("{{ [] | first }}", "failed", 1, "not empty"),
        ("{{ 3 | length }}", "failed", 1, "length works on"),
        ("{{ 'a' | round }}", "failed", 1, "round works on numbers"),
        ("{% for x in big %}{% endfor %}", "failed", 1, "a loop goes over a list"),
        ("{{ 999999999 * 999999999 }}", "limit", 1, "too large"),
        ("{{ " + "9" * 5000 + " }}", "limit", 1, "too large a number"),
        ("{{ big ~ big ~ big ~ big ~ big ~ big }}", "limit", 1, "longer than"),
        ("{{ big + big + big + big + big }}", "limit", 1, "longer than"),
        ("{{ big }}" * 6, "limit", 1, "the result is longer than"),
        ("{{ big | replace('y', 'yyyyyy') }}", "limit", 1, "longer than"),
        ("{% for a in many %}{% for b in many %}{{ a }}{% endfor %}{% endfor %}", "limit", 1, "loops too often"),
        ("{% for a in items %}" * 4 + "{% endfor %}" * 4, "limit", 1, "more than 3 loops"),
        ("{% if on %}" * 60 + "{% endif %}" * 60, "limit", 1, "nested more than"),
        ("{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}", "limit", 1, "nested too deeply"),
        ("{{ " + "not " * 5000 + "1 }}", "limit", 1, "nested"),
        ("{{ name }}" + "x" * MAX_SOURCE, "limit", 1, "the template is longer"),
    ],
)
def test_refusals(text: str, what: str, line: int, message: str) -> None:
    """What is not allowed, unknown, wrong or too much is an error with a kind, a line and a sentence."""
    with pytest.raises(TemplateError) as caught:
        render(text, VARIABLES)
    assert (caught.value.what, caught.value.line) == (what, line)
    assert any(part in caught.value.message for part in message.split("|"))
    assert len(caught.value.message) < 250


@pytest.mark.parametrize(
    "text",
    [
        "{{ a" + ".b" * 15_000 + " }}",
        "{{ a" + "|trim" * 10_000 + " }}",
        "{{ 1" + "+1" * 15_000 + " }}",
        "{{ 'yyyx' in big }}" * 2000,
        "{% for i in many %}{{ big | upper }}{% endfor %}",
        "{% for i in many %}{{ 'yyyx' in big }}{% endfor %}",
        "{{ name | replace('', big) | replace('y', big) }}",
        "{{" * 30_000,
        "{#" * 30_000,
    ],
)
def test_nothing_hangs(text: str) -> None:
    """Whatever a template asks for, the answer or the refusal comes soon."""
    begin = time.perf_counter()
    assert len(answer(text)) <= MAX_TEXT
    assert time.perf_counter() - begin < 20


@given(st.text(alphabet="{}%# abcd.|()[]'\"~+-*/0123456789\nifforend", max_size=80))
def test_random_texts(text: str) -> None:
    """Any text is rendered or refused with a sentence; nothing else is raised."""
    assert answer(text) or not text.strip(" \n") or "{" in text


@given(st.lists(st.sampled_from(
    ["{{", "}}", "{%", "%}", "for", "x", "in", "items", "if", "endif", "endfor", "name", "vars", ".", "|", "upper", "~",
     "(", ")", "[", "]", "1", "'a'", "+", "*", "is", "defined", "not", "else", "loop", "set", "=", "-"]
), max_size=25).map(" ".join))  # fmt: skip
def test_random_tags(text: str) -> None:
    """The same for texts that look more like templates."""
    assert isinstance(answer(text), str)


def test_each_text_is_compiled_once() -> None:
    """The compiled template of a text is kept."""
    assert compiled("{{ name }} kept") is compiled("{{ name }} kept")


def test_what_is_a_template() -> None:
    """Texts without braces of templates are left alone, however long they are."""
    assert is_template("{{ a }}")
    assert is_template("{% if a %}{% endif %}")
    assert is_template("{# a #}")
    assert not is_template("100 % {x}")
    assert render("x" * (MAX_TEXT + 1), {}) == "x" * (MAX_TEXT + 1)


def test_variables_have_a_size() -> None:
    """Variables that are too large together cannot be used in templates."""
    weigh({"a": ["b", {"c": "d"}], "n": 3})
    with pytest.raises(TemplateError, match="variables hold more than"):
        weigh({"a": ["x" * 40_000, "y" * 40_000]})
