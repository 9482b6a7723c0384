"""The steps that people carry out as one page to print: for somebody with a pen and without the tool.

Pure. The page is whole in itself: no script, no font or picture from elsewhere, nothing to fetch. Every text from
outside is escaped. Steps are not torn apart at the end of a sheet, and each has room for a tick, a value and a name.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from runner.report import Guide, Task
from runner.views.steps import asked, commands, done, facts, heading, noted, waits, window
from runner.views.text import clean, when
from runner.views.words import ENGLISH, Words

STYLE = """\
@page { size: A4; margin: 14mm }
* { box-sizing: border-box }
body { font: 12pt/1.35 system-ui, "Segoe UI", "DejaVu Sans", Arial, sans-serif; color: #000; background: #fff;
  max-width: 190mm; margin: 8mm auto; padding: 0 5mm }
h1 { font-size: 19pt; line-height: 1.15; margin: 0 0 1mm }
h2 { font-size: 14pt; margin: 7mm 0 0; padding: 1mm 3mm; color: #fff; background: #222;
  print-color-adjust: exact; -webkit-print-color-adjust: exact; break-after: avoid }
header { border-bottom: 1mm solid #000; padding-bottom: 3mm }
header p { margin: 0 }
ol { list-style: none; margin: 0; padding: 0 }
li { display: grid; grid-template-columns: 9mm 9mm 1fr; gap: 0 3mm; padding: 4mm 0; border-bottom: .3mm solid #777;
  break-inside: avoid }
.box { width: 9mm; height: 9mm; border: .6mm solid #000; border-radius: 1mm; text-align: center;
  font: bold 16pt/7.5mm system-ui, "DejaVu Sans", Arial, sans-serif }
.n { font-weight: bold; font-size: 14pt; line-height: 9mm; text-align: right }
h3 { font-size: 13pt; line-height: 1.25; margin: 1mm 0 .5mm }
p, dl, pre { margin: 1mm 0 0; overflow-wrap: anywhere }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .5mm 3mm }
dt { color: #444 }
dd { margin: 0 }
dt.value { align-self: center }
pre { display: inline-block; margin: 0; padding: 1mm 3mm; border: .4mm solid #000; font: bold 12pt/1.3 ui-monospace,
  "DejaVu Sans Mono", Consolas, monospace; white-space: pre-wrap }
.late { font-weight: bold; border: .5mm solid #000; padding: 0 1.5mm; white-space: nowrap }
.sign { display: flex; gap: 3mm; align-items: end; min-height: 10mm; color: #444 }
.sign span { flex: 2; border-bottom: .3mm solid #000 }
.sign span ~ span { flex: 1 }
.sign i { font-style: normal }
.type { color: #444; font-size: 8.5pt }
code { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; color: #000 }
li.done h3, li.done .place { color: #444 }
article + article { margin-top: 15mm; break-before: page }
@media print { body { margin: 0; padding: 0; max-width: none } article + article { margin-top: 0 } }
"""


def html(guides: Sequence[Guide], *, words: Words = ENGLISH, whole: bool = False) -> str:
    """Return the page, in UTF-8 when it is written to a file."""
    title = " - ".join(dict.fromkeys(guide.title for guide in guides)) or words.all_steps
    lines = [
        "<!doctype html>",
        f'<html lang="{_safe(words.language)}">',
        '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{_safe(title)}</title>",
        f"<style>\n{STYLE}</style></head>",
        "<body>",
    ]
    for guide in guides:
        lines += _outage(guide, words, whole=whole)
    if not guides:
        lines.append(f"<p>{_safe(words.nothing_waits)}</p>")
    return "\n".join([*lines, "</body></html>"])


def _safe(text: str) -> str:
    return escape(clean(text))


def _outage(guide: Guide, words: Words, *, whole: bool) -> Iterator[str]:
    yield "<article><header>"
    yield f"<h1>{_safe(guide.title)}</h1>"
    yield f"<p><b>{_safe(window(guide, words))}</b></p>"
    owner = f" {_safe(words.owner)}: {_safe(guide.owner)}" if guide.owner else ""
    made = words.as_of.format(when=when(guide.at, guide.timezone, words=words))
    yield f"<p>{_safe(words.times_of.format(zone=guide.timezone))}{owner}</p>"
    yield f'<p class="type"><code>{_safe(guide.outage)}</code> {_safe(made)}</p>'
    yield "</header>"
    if not guide.tasks:
        yield f"<p>{_safe(words.no_steps)}</p>"
    elif not whole:
        yield f"<p><b>{_safe(waits(len(guide.tasks), words))}</b></p>"
    count = 0
    for direction, some in groupby(guide.tasks, key=lambda task: task.direction):
        yield f"<h2>{_safe(heading(direction, words))}</h2><ol>"
        for task in some:
            count += 1
            yield from _step(task.number or count, task, guide, words, whole=whole)
        yield "</ol>"
    yield "</article>"


def _step(n: int, task: Task, guide: Guide, words: Words, *, whole: bool) -> Iterator[str]:
    ended = task.state == "done"
    yield f'<li class="{task.state}"><div class="box">{"&#10003;" if ended else ""}</div><div class="n">{n}</div><div>'
    yield f"<h3>{_safe(asked(task, words))}</h3>"
    late = f' <span class="late">{_safe(words.overdue)}</span>' if task.overdue else ""
    day = f"<b>{_safe(when(task.due, guide.timezone, words=words))}</b>"
    where = _safe(words.where_and_when).format(target=_safe(task.target), when=day)
    yield f'<p class="place">{where}{late}</p><dl>'
    yield from (f"<dt>{_safe(label)}</dt><dd>{_safe(text)}</dd>" for label, text in facts(task, words))
    yield from _values(task, words)
    yield "</dl>"
    if ended:
        yield f"<p>{_safe(done(task, guide, words))}</p></div></li>"
        return
    if not task.before and (label := noted(task, words)):
        yield f'<p class="sign"><i>{_safe(label)}</i><span></span></p>'
    yield f'<p class="sign"><i>{_safe(words.done_by)}</i><span></span><i>{_safe(words.at)}</i><span></span></p>'
    for label, typed in commands(task, words, whole=whole):
        yield f'<p class="type">{_safe(label)} <code>{_safe(typed)}</code></p>'
    yield "</div></li>"


def _values(task: Task, words: Words) -> Iterator[str]:
    """Yield the value to set and the one before, as recorded."""
    label = words.value if task.question else words.set_it
    if task.value:
        lines = "\n".join(_safe(line) for line in task.value.splitlines())
        yield f'<dt class="value">{_safe(label)}</dt><dd><pre>{lines}</pre></dd>'
    if task.before:
        yield f"<dt>{_safe(noted(task, words))}</dt><dd>{_safe(task.before)}</dd>"
