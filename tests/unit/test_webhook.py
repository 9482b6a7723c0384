"""Webhooks: configuration, what a notice says on each service, what answers mean, and the whole engine on channels."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest
import yaml

from providers.webhook import slack_app
from providers.webhook.account import account_of
from providers.webhook.provider import open_target
from providers.webhook.simulator.sandbox import group
from providers.webhook.simulator.sink import Sink
from providers.webhook.simulator.state import BOT_TOKEN, Message, path_of, slack_id
from providers.webhook.words import card, content_of, google, slack
from providers.wire.faults import Fault
from runner.commands import doctor
from runner.model import ABSENT, Change, Outcome, Slot, Verdict
from runner.report import Fate, Report
from runner.spi import Context, Found, InvalidInput, ProviderError, Query, RateLimited, Rejected, Reversal, Target
from runner.testing.io import ScriptedIo
from tests.support.lab import START
from tests.support.webhook import BOARD, HOSTS, SECRETS, target
from tests.support.wire import Vendor, Wire, WireLab

SAID = {"subject": "Power cut", "body": "We are back at two."}
SENDERS = ("slack", "teams", "google_chat", "json")
EVERY: Mapping[str, Mapping[str, Any]] = {
    **{name: {"service": name} for name in (*SENDERS, "slack_app")},
    "board": {**BOARD},
}


def context(configured: Target, step: str = "announce", **more: Any) -> Context:
    window = (START, START + timedelta(hours=3))
    return Context("power@2026-12-11T11:30", step, configured, *window, window, "UTC", **more)


class Room:
    """One target on simulated channels."""

    def __init__(self, service: str, channels: Sequence[str] = ("support",), **options: Any) -> None:
        self.target = target(service, channels, **options)
        self.io = ScriptedIo(START, SECRETS)
        self.sink = Sink(clock=lambda: self.io.now().timestamp())
        self.io = ScriptedIo(START, SECRETS, Wire(self.sink))
        self.hook = open_target(self.target, self.io)
        self.spec = self.hook.capabilities()["notice"]

    def changes(self, with_: Mapping[str, Any] = SAID, **more: Any) -> list[Change]:
        """Return what a step changes in empty channels."""
        jsonschema.Draft202012Validator(self.spec.schema).validate(with_)
        here = context(self.target, **more)
        return [
            Change(Slot("desk", "notice", key, want.path), ABSENT, want.claim.value, want.payload)
            for key in self.spec.query(with_, here).ids
            for want in self.spec.claims(with_, here, Found(key, key, {}))
        ]

    def write(self, *changes: Change) -> list[Outcome]:
        return [each for each in self.hook.write(changes) if isinstance(each, Outcome)]

    def look(self, change: Change) -> Any:
        slot = change.slot
        return dict(self.hook.read(Query("notice", ids=(slot.key,), paths=(slot.path,))))[slot]

    def texts(self) -> list[str]:
        return [each.text for each in self.sink.state.messages]


# --- configuration --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "credentials", "said"),
    [
        ({}, {"url": "env:X"}, "options.service must be one of slack, slack_app, teams, google_chat, json"),
        ({"service": "irc"}, {"url": "env:X"}, "options.service must be one of"),
        ({"service": "slack", "resource": True}, {"url": "env:X"}, "options.resource is no option of slack"),
        ({"service": "slack"}, {}, "has no address of a webhook: add `url: env:NAME`"),
        ({"service": "slack"}, {"Support": "env:X"}, "credentials.Support: a channel's name has up to 30 lower-case"),
        ({"service": "slack", "allow_mentions": 1}, {"url": "env:X"}, "allow_mentions must be true or false"),
        ({"service": "slack", "audience": "all"}, {"url": "env:X"}, "audience must be one of agents, customers"),
        ({"service": "slack", "locale": 1}, {"url": "env:X"}, "locale must be a locale"),
        ({"service": "slack_app"}, {"token": "env:X"}, "channels is missing: names for the ids of channels"),
        ({"service": "slack_app", "channels": {"a": "#a"}}, {"token": "env:X"}, "must be a channel's id such as"),
        (
            {"service": "slack_app", "channels": {"a": "C012345"}, "url": "https://example.org"},
            {},
            "no address of this",
        ),
        ({"service": "json", "on_restore": "edit"}, {"url": "env:X"}, "on_restore needs `resource: true`"),
        ({"service": "json", "method": "PUT", "resource": True}, {"url": "env:X"}, "method does nothing with"),
        ({"service": "json", "method": "GET"}, {"url": "env:X"}, "method must be one of POST, PUT"),
    ],
)
def test_a_wrong_option_is_told(options: Any, credentials: Any, said: str) -> None:
    """Every mistake in the configuration is one sentence that names the option, before anything is asked."""
    with pytest.raises(Rejected) as caught:
        account_of(Target("desk", "webhook", options, credentials))
    assert said in caught.value.message


@pytest.mark.parametrize(
    ("service", "address", "said"),
    [
        ("slack", "s3cret-without-a-scheme", "is no address: copy the webhook's https:// address again"),
        ("slack", "http://hooks.slack.com/services/s3cret-path", "must be an https:// address"),
        ("slack", "https://example.org/services/s3cret-path", "example.org is no address of this vendor"),
        ("slack", "https://me:s3cret-word@hooks.slack.com/x", "must not hold a name or a password"),
        ("slack", "https://[s3cret-path", "is no address"),
        ("teams", "https://example.webhook.office.com/webhookb2/s3cret-path", "these are retired: make a workflow"),
        ("google_chat", "https://example.org/?token=s3cret-query", "is no address of this vendor"),
    ],
)
def test_an_address_that_cannot_be_it_is_told_without_it(service: str, address: str, said: str) -> None:
    """What is wrong with an address is said, the address is not; doctor says it before anything is posted."""
    io = ScriptedIo(START, {f"env:{service}_support": address})
    hook = open_target(target(service), io)
    change = Room(service).changes()[0]
    (outcome,) = hook.write([change])
    assert isinstance(outcome, Outcome)
    (problem, note) = hook.examine()
    assert (outcome.verdict, problem.state, note.state) == (Verdict.REJECTED, "problem", "note")
    assert said in outcome.reason
    assert said in problem.message
    assert "s3cret" not in outcome.reason + problem.message


def test_nobody_repeats_an_address(caplog: pytest.LogCaptureFixture) -> None:
    """A service that answers with the address, an address that is gone, a broken connection: no outcome, error, log
    line or repr holds a part of it that counts."""
    caplog.set_level(logging.DEBUG)
    said: list[Any] = []
    for service in SENDERS:
        address = f"{HOSTS[service]}/wrong{path_of(service, 'support')}"  # the simulator answers 501 with the path

        def broken(request: httpx.Request) -> httpx.Response:
            raise httpx.ReadError(f"{request.url}: reset", request=request)

        room = Room(service)
        for transport in (Wire(room.sink), httpx.MockTransport(lambda r: httpx.Response(404, text=f"no {r.url}"))):
            io = ScriptedIo(START, {f"env:{service}_support": address}, transport)
            said += [open_target(room.target, io), *open_target(room.target, io).write(room.changes())]
        hook = open_target(room.target, ScriptedIo(START, SECRETS, httpx.MockTransport(broken)))
        said += [*hook.write(room.changes()), hook._board]
    texts = [repr(each) for each in said] + [caplog.text]
    assert len(said) == 6 * len(SENDERS)
    assert [text for text in texts if "not-a-secret" in text or "/services/" in text] == []
    assert sum("***" in text for text in texts) >= len(SENDERS)


# --- what it says ---------------------------------------------------------------------------------------------------

TWO = {"subject": {"en": "Cut", "es": "Corte"}, "body": {"en": "Back at 2", "es": "Volvemos a las 2"}}


@pytest.mark.parametrize(
    ("with_", "options", "locales", "text"),
    [
        (SAID, {}, (), "*Power cut*\nWe are back at two."),
        ({"body": " Only a body \n"}, {}, (), "Only a body"),
        (TWO, {}, (), "*Cut*\nBack at 2\n\n*Corte*\nVolvemos a las 2"),
        (TWO, {}, ("es-AR",), "*Corte*\nVolvemos a las 2"),
        (TWO, {}, ("es", "en"), "*Corte*\nVolvemos a las 2\n\n*Cut*\nBack at 2"),
        (TWO, {"locale": "en-US"}, ("es", "en"), "*Cut*\nBack at 2"),
        ({**TWO, "subject": "Cut"}, {}, ("es", "es-AR"), "*Cut*\nVolvemos a las 2"),
        ({"subject": "a < b & c", "body": "<!here> *x*"}, {}, (), "*a &lt; b &amp; c*\n&lt;!here&gt; *x*"),
        (
            {"body": "<!here> <@U0123> <!subteam^S9> <b> <https://x.example|x>"},
            {"allow_mentions": True},
            (),
            "<!here> <@U0123> <!subteam^S9> &lt;b&gt; &lt;https://x.example|x&gt;",
        ),
    ],
)
def test_a_channel_gets_its_languages(with_: Any, options: Any, locales: tuple[str, ...], text: str) -> None:
    """One text, all languages, those that the target requires, or the one of the option; marks are escaped, and
    mentions are text unless the target allows them."""
    configured = target("slack", **options)
    here = context(Target("desk", "webhook", configured.options, configured.credentials, locales=locales))
    account = account_of(configured)
    assert slack(content_of(with_, here, account), mentions=account.allow_mentions) == text


def test_google_and_teams_say_the_same_in_their_own_ways() -> None:
    """Google Chat has bold subjects and mentions made harmless; Teams has blocks of text, one for each paragraph."""
    room = Room("teams")
    said = {"subject": "Cut", "body": "One\nline\n\n<users/all> two"}
    content = content_of(said, context(room.target), account_of(room.target))
    assert google(content, mentions=False) == "*Cut*\nOne\nline\n\n<\u2060users/all> two"
    assert google(content, mentions=True) == "*Cut*\nOne\nline\n\n<users/all> two"
    (attachment,) = card(content)["attachments"]
    assert [block["text"] for block in attachment["content"]["body"]] == ["Cut", "One\nline", "<users/all> two"]


def test_nobody_is_called_unless_the_target_allows_it() -> None:
    """Words that call people do so on no service; with `allow_mentions` they do."""
    loud = {"body": "<!here> <!channel> <@U0123> <users/all> @channel"}
    for service in (*SENDERS, "slack_app"):
        room = Room(service)
        assert [each.verdict for each in room.write(*room.changes(loud))] == [Verdict.DONE]
        assert room.sink.state.pings == []
    for service in ("slack", "google_chat", "slack_app"):
        room = Room(service, allow_mentions=True)
        room.write(*room.changes(loud))
        assert len(room.sink.state.pings) == 1


@pytest.mark.parametrize(
    ("service", "letters", "fits"),
    [
        ("slack", 4000, True),
        ("slack", 4001, False),
        ("slack_app", 2000, True),  # of two bytes each
        ("slack_app", 2001, False),
        ("teams", 11_000, False),
        ("google_chat", 16_001, False),
        ("json", 50_000, True),
    ],
)
def test_what_is_too_long_is_refused_in_the_plan(service: str, letters: int, fits: bool) -> None:
    """A text that the service would cut, split or refuse never leaves; what fits arrives as one message."""
    room = Room(service)
    if not fits:
        with pytest.raises(InvalidInput, match=r"on desk, where .* fit"):
            room.changes({"body": "й" * letters})
        return
    assert [each.verdict for each in room.write(*room.changes({"body": "й" * letters}))] == [Verdict.DONE]
    assert len(room.texts()) == 1


@pytest.mark.parametrize(
    ("with_", "options", "said"),
    [
        ({"audience": {"customers": "all"}}, {}, "is for customers, and the channels of desk are for agents"),
        (
            {"audience": {"agents": "all"}},
            {"audience": "customers"},
            "for agents, and the channels of desk are for cus",
        ),
        ({"body": {"en": "Cut"}}, {"locale": "uk"}, "desk is for uk, and the notice is in en"),
    ],
)
def test_a_notice_for_others_is_refused_in_the_plan(with_: Any, options: Any, said: str) -> None:
    """A notice for customers is not posted where agents read, nor the other way round, nor in a language that is not
    there; the sentence says what to do."""
    with pytest.raises(InvalidInput, match=said) as caught:
        Room("slack", **options).changes({**({} if "body" in with_ else SAID), **with_})
    assert caught.value.hint


def test_an_audience_with_ours_among_it_takes_part() -> None:
    """Everybody, or both, or no audience at all includes the channel; that it has no groups is said."""
    room = Room("slack")
    for audience in ({}, {"audience": {"agents": "all", "customers": "all"}}, {"audience": {"agents": ["Level 1"]}}):
        assert len(room.changes({**SAID, **audience})) == 1
    assert list(room.hook.advise("notice", {"audience": {"agents": ["Level 1"]}})) != []
    assert list(room.hook.advise("notice", {"audience": {"agents": "all"}})) == []


def test_only_what_can_be_edited_takes_a_text_for_afterwards() -> None:
    """`after` is a field where messages can be edited, and a mistake at review time where they cannot; channels are
    known by name."""
    for name, options in EVERY.items():
        properties = Room(**options).spec.schema["properties"]
        assert ("after" in properties) == (name in ("slack_app", "board"))
        assert properties["channel"]["oneOf"][0]["enum"] == ["support"]
        assert "place" not in properties


# --- what an answer means -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("service", "status", "body", "verdict"),
    [
        ("slack", 200, "ok", "done"),
        ("slack", 200, "channel_not_found", "rejected"),
        ("slack", 200, "<html>a page</html>", "unknown"),
        ("slack", 200, "", "unknown"),
        ("slack", 404, "no_service", "rejected"),
        ("slack", 403, "invalid_token", "rejected"),
        ("slack", 410, "channel_is_archived", "rejected"),
        ("slack", 500, "rollup_error", "unknown"),
        ("slack", 429, "rate_limited", "waits"),
        ("teams", 202, "", "done"),
        ("teams", 200, "", "done"),
        ("teams", 200, "Webhook message delivery failed with error: Microsoft Teams endpoint returned 429", "rejected"),
        ("teams", 200, {"error": {"code": "x", "message": "no such channel"}}, "rejected"),
        ("teams", 200, "<html>a page</html>", "unknown"),
        ("teams", 502, "", "unknown"),
        ("google_chat", 200, {"name": "spaces/A/messages/B"}, "done"),
        ("google_chat", 200, {"error": {"message": "Message cannot be empty."}}, "rejected"),
        ("google_chat", 200, {}, "unknown"),
        ("google_chat", 200, "fine", "unknown"),
        ("google_chat", 409, {"error": {"status": "ABORTED"}}, "rejected"),
        ("google_chat", 400, {"error": {"message": "Message cannot be empty."}}, "rejected"),
        ("json", 204, "", "done"),
        ("json", 200, {"ok": True, "id": 7}, "done"),
        ("json", 200, "thank you", "done"),
        ("json", 200, {"ok": False, "error": "read-only"}, "rejected"),
        ("json", 200, {"errors": ["read-only"]}, "rejected"),
        ("json", 200, {"success": False, "message": "read-only"}, "rejected"),
        ("json", 200, "Error: read-only", "rejected"),
        ("json", 200, "<html>sign in</html>", "unknown"),
        ("json", 408, "", "unknown"),
        ("json", 503, "", "unknown"),
    ],
)
def test_what_an_answer_means(service: str, status: int, body: Any, verdict: str) -> None:
    """Done is what the service's own sign says; its words for an error are a refusal that quotes them; anything else is
    unknown, and a request to wait is one."""
    given = {"json": body} if isinstance(body, Mapping) else {"text": body}
    answer = httpx.Response(status, **given, headers={"Retry-After": "7"} if status == 429 else {})
    room = Room(service)
    hook = open_target(room.target, ScriptedIo(START, SECRETS, httpx.MockTransport(lambda _: answer)))
    if verdict == "waits":
        with pytest.raises(RateLimited) as caught:
            list(hook.write(room.changes()))
        assert caught.value.retry_after == 7.0
        return
    (outcome,) = hook.write(room.changes())
    assert isinstance(outcome, Outcome)
    assert outcome.verdict.value == verdict
    words = str(body.get("error") or body.get("message") or "") if isinstance(body, Mapping) else body
    if verdict == "rejected" and isinstance(body, str):
        assert words in outcome.reason


def test_only_what_stands_there_has_a_name() -> None:
    """A message is called by its channel once it is posted; before, there is nothing, not even a name. Plans call it by
    its subject, and by its channel where there are several."""
    for options in ({"service": "slack_app"}, BOARD):
        room = Room(**options, channels=("support", "ops"))
        change = room.changes()[0]
        query = Query("notice", ids=(change.slot.key,), paths=("name", "notice"))
        assert {value for _, value in room.hook.read(query)} == {ABSENT}
        room.write(change)
        assert [value for slot, value in room.hook.read(query) if slot.path == "name"] == ["support"]
        assert change.payload["subject"] == "support: Power cut"
    assert [each.payload["subject"] for each in Room("slack").changes({"body": "a " * 100})] == ["a " * 58 + "a..."]


# --- a Slack app ----------------------------------------------------------------------------------------------------


def test_a_slack_message_is_found_among_many() -> None:
    """A channel is read page by page from its newest message back to the day before the outage, and no further; what
    stands there already is not posted again."""
    room = Room("slack_app")
    room.io.sleep(-5 * 86_400)
    room.sink.chatter("support", 300)  # long before
    room.io.sleep(5 * 86_400)
    room.sink.chatter("support", 10)
    (change,) = room.changes()
    assert room.write(change) == [Outcome(Verdict.DONE, proven=True)]
    room.io.sleep(60)
    room.sink.chatter("support", 450)
    before = len(room.sink.requests)
    assert room.look(change) == change.after
    assert len(room.sink.requests) - before == 3
    assert [each.verdict for each in room.write(change)] == [Verdict.DONE]
    assert (len(room.sink.state.sent), room.sink.wsgi.counts["POST", "/api/chat.update"]) == (1, 0)
    assert room.write(change.inverse()) == [Outcome(Verdict.DONE, proven=True)]
    assert (room.look(change), len(room.texts())) == (ABSENT, 760)


def test_a_channel_that_is_too_busy_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A message that is not among as many as are looked through is not taken for one that does not exist."""
    monkeypatch.setattr(slack_app, "MOST", 2)
    room = Room("slack_app")
    (change,) = room.changes()
    room.write(change)
    room.sink.chatter("support", 401)
    with pytest.raises(ProviderError, match="not among the newest 400 there; look for it by hand"):
        room.look(change)


def test_a_late_request_is_cleared_away() -> None:
    """Where a request that was given up arrived all the same, both messages are deleted on restore."""
    room = Room("slack_app")
    (change,) = room.changes()
    room.write(change)
    (first,) = room.sink.state.messages
    twin = Message("slack_app", "support", room.sink.state.stamp(), first.text, metadata=first.metadata)
    room.sink.state.post(twin)
    assert [each.verdict for each in room.write(change.inverse())] == [Verdict.DONE]
    assert room.texts() == []


def test_a_message_of_an_older_version_is_found() -> None:
    """A message whose marker has no day yet is known by its key, is not posted again, and is deleted on restore."""
    room = Room("slack_app")
    (change,) = room.changes()
    room.write(change)
    (message,) = room.sink.state.messages
    payload = message.metadata["event_payload"]
    assert payload["marker"] == change.slot.key.rpartition(".")[0]
    payload["marker"] = payload["marker"].partition(".")[0]
    assert room.look(change) == change.after
    assert [each.verdict for each in room.write(change, change.inverse())] == [Verdict.DONE] * 2
    assert (room.texts(), len(room.sink.state.sent)) == ([], 1)


@pytest.mark.parametrize(
    ("with_", "options", "text"),
    [
        ({**SAID, "after": "We are back."}, {}, "*Power cut*\nWe are back."),
        (SAID, {"on_restore": "edit"}, "*Power cut*\nThis is over."),
        (TWO, {"on_restore": "edit"}, "*Cut*\nThis is over.\n\n*Corte*\nEsto ya terminó."),
    ],
)
def test_a_message_is_edited_on_restore(with_: Any, options: Any, text: str) -> None:
    """With a text for afterwards, or `on_restore: edit`, the same message says that it is over, and counts as taken
    down; posted again it is the same message again."""
    room = Room("slack_app", **options)
    (change,) = room.changes(with_)
    room.write(change)
    assert room.write(change.inverse()) == [Outcome(Verdict.DONE, proven=True)]
    assert (room.texts(), room.look(change)) == ([text], ABSENT)
    assert [each.verdict for each in room.write(change.inverse(), change)] == [Verdict.DONE] * 2
    assert (len(room.texts()), room.look(change), len(room.sink.state.sent)) == (1, change.after, 1)


def test_a_receiver_edits_on_restore() -> None:
    """A receiver is told that the message is withdrawn, with its text for afterwards."""
    room = Room("json", resource=True)
    (change,) = room.changes({**TWO, "after": {"en": "Back", "es": "De vuelta"}})
    room.write(change)
    assert [each.verdict for each in room.write(change.inverse())] == [Verdict.DONE]
    (left,) = room.sink.state.messages
    assert (left.content["state"], left.text, room.look(change)) == ("withdrawn", "Back\n\nDe vuelta", ABSENT)
    assert [text["locale"] for text in left.content["texts"]] == ["en", "es"]


@pytest.mark.parametrize(
    ("error", "raised", "said"),
    [
        ("token_revoked", "Unauthorized", "install the app again"),
        ("missing_scope", "Forbidden", "needed: channels:history"),
        ("not_in_channel", "Rejected", "invite the app into the channel"),
        ("ratelimited", "RateLimited", "asks to wait"),
        ("fatal_error", "NoReply", "Slack answers fatal_error"),
        ("", "NoReply", "something else than JSON"),
    ],
)
def test_a_refusal_of_slack_says_what_to_do(error: str, raised: str, said: str) -> None:
    """Slack answers 200 to what it refuses: each error is told apart by what it means, with the next step."""
    body = {"ok": False, "error": error, "needed": "channels:history"} if error else {}
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    room = Room("slack_app")
    hook = open_target(room.target, ScriptedIo(START, SECRETS, transport))
    with pytest.raises(ProviderError, match=said) as caught:
        list(hook.read(Query("notice", ids=(room.changes()[0].slot.key,), paths=("notice",))))
    assert type(caught.value).__name__ == raised


def test_doctor_asks_without_posting() -> None:
    """An app says who it is and which channels it can read, a receiver whether it answers; a webhook is not asked."""
    room = Room("slack_app", ["support", "ops"])
    room.sink.state.absent.add("ops")
    assert [each.state for each in room.hook.examine()] == ["ok", "problem"]
    room = Room("json", ["support", "ops"], resource=True)
    assert [each.state for each in room.hook.examine()] == ["ok", "ok"]
    without = {name: text for name, text in room.target.credentials.items() if name != "token"}
    hook = open_target(replace(room.target, credentials=without), room.io)
    assert [each.state for each in hook.examine()] == ["problem", "problem"]
    room = Room("google_chat")
    assert [each.state for each in room.hook.examine()] == ["note"]
    assert room.sink.requests == []
    assert list(room.hook.read(Query("notice", paths=("name",)))) == []


# --- the whole engine -----------------------------------------------------------------------------------------------


class Office:
    """Six targets on the same simulated channels: one of each service, and a receiver that keeps messages."""

    def __init__(self, folder: Path, channels: Sequence[str] = ("support",)) -> None:
        self.lab = WireLab(folder, now=START)
        self.sink = Sink(clock=lambda: self.lab.clock)
        for name, options in EVERY.items():
            configured = target(channels=channels, name=name, **options)
            self.lab.connect(Vendor(configured, open_target, self.sink, secrets=SECRETS))

    def steps(self, *names: str, **more: Any) -> list[dict[str, Any]]:
        each: dict[str, Any] = {"id": "announce", "uses": "notice", "target": list(names), "with": SAID}
        return [{**each, **more}]

    def counts(self) -> dict[str, int]:
        """How many messages each service shows."""
        shown = [each.service for each in self.sink.state.messages]
        return {name: shown.count(name) for name in (*SENDERS, "slack_app")}


def notes(*reports: Report) -> list[tuple[str, Fate, str]]:
    return [(n.slot.target, n.fate, n.reason) for report in reports for run in report.runs for n in run.notes]


def test_one_step_speaks_in_every_channel(tmp_path: Path) -> None:
    """The same words go to five services and a receiver; at the end those that can delete are empty again, and the
    others have the follow-up, on Google Chat in the thread of the notice."""
    office = Office(tmp_path)
    back = [{"uses": "notice", "target": list(SENDERS), "with": {"body": "We are back."}}]
    book = office.lab.playbook("power", office.steps(*EVERY, restore=back))
    assert notes(office.lab.apply(book)) == []
    assert office.counts() == {"slack": 1, "teams": 1, "google_chat": 1, "json": 2, "slack_app": 1}
    office.lab.later(minutes=5)
    assert notes(office.lab.revert("power")) == []
    assert office.counts() == {"slack": 2, "teams": 2, "google_chat": 2, "json": 2, "slack_app": 0}
    assert {each.thread for each in office.sink.state.in_channel("google_chat", "support")} == {
        "power@2026-12-11T11:30"
    }
    assert office.sink.state.failures == []


def test_an_error_text_stops_nobody_else(tmp_path: Path) -> None:
    """A webhook that answers 200 with an error text is one clear message; the other channels and targets get theirs;
    going on sends what was refused, and nothing twice."""
    office = Office(tmp_path, channels=("support", "ops"))
    book = office.lab.playbook("power", office.steps(*EVERY))
    office.sink.faults.add(Fault("error_text", method="POST", rule="/services/*"))
    office.sink.faults.add(Fault("error_text", method="POST", rule="/api/chat.postMessage"))
    office.sink.faults.add(Fault("error_text", method="PUT"))
    told = notes(office.lab.apply(book))
    assert [(name, fate) for name, fate, _ in told] == [
        (name, Fate.REJECTED) for name in ("slack", "slack_app", "board")
    ]
    assert "slack: support answers 200 and refuses the message all the same: channel_not_found" in told[0][2]
    assert "Slack refuses it (restricted_action)" in told[1][2]
    assert "refuses the message all the same: error: the board is read-only" in told[2][2]
    assert office.counts() == {"slack": 1, "teams": 2, "google_chat": 2, "json": 3, "slack_app": 1}
    office.lab.resume()
    assert office.counts() == {"slack": 2, "teams": 2, "google_chat": 2, "json": 4, "slack_app": 2}
    assert len(office.sink.state.sent) == 12


def test_an_unknown_message_is_sent_again_on_request_only(tmp_path: Path) -> None:
    """What may have been posted is listed as unknown and left; --resend posts again, on Google Chat without a second
    message because it knows the request."""
    office = Office(tmp_path)
    book = office.lab.playbook("power", office.steps("slack", "google_chat"))
    office.sink.faults.add(Fault("timeout_committed", times=2))
    assert [fate for _, fate, _ in notes(office.lab.apply(book))] == [Fate.UNKNOWN] * 2
    office.lab.later(minutes=5).resume()
    assert (office.counts()["slack"], office.counts()["google_chat"]) == (1, 1)
    office.lab.apply(book, resend=True)
    assert (office.counts()["slack"], office.counts()["google_chat"]) == (2, 1)


def test_a_deleted_message_stays_deleted(tmp_path: Path) -> None:
    """A person who deletes the message during the outage wins: nothing is posted again, and the end goes well."""
    office = Office(tmp_path)
    book = office.lab.playbook("power", office.steps("slack_app", "board"))
    office.lab.apply(book)
    office.sink.state.messages.clear()
    office.lab.later(minutes=5).tick()
    assert office.sink.state.messages == []
    office.lab.revert("power")
    assert (office.sink.state.messages, len(office.sink.state.sent)) == ([], 2)


def test_a_changed_text_edits_the_message(tmp_path: Path) -> None:
    """An amended outage edits what stands in the channel; nothing is posted a second time."""
    office = Office(tmp_path)
    office.lab.apply(office.lab.playbook("power", office.steps("slack_app", "board")))
    again = office.steps("slack_app", "board", **{"with": {**SAID, "body": "We are back at three."}})
    office.lab.apply(office.lab.playbook("power", again))
    assert {each.text[-21:] for each in office.sink.state.messages} == {"We are back at three."}
    assert len(office.sink.state.sent) == 2
    office.lab.revert("power")
    assert office.sink.state.messages == []


def test_an_amended_beginning_leaves_the_notice_standing(tmp_path: Path) -> None:
    """Where `from` moves to another day while the outage is open, the notice is posted anew on Slack before the old one
    goes; it can be edited from then on, and is taken down at the end."""
    office = Office(tmp_path)
    for begin, body, sent in (("2d", SAID["body"], 1), ("4h", SAID["body"], 2), ("4h", "Back at three.", 2)):
        said = {"from": f"start - {begin}", "with": {**SAID, "body": body}}
        assert notes(office.lab.apply(office.lab.playbook("power", office.steps("slack_app", **said)))) == []
        assert [each.text for each in office.sink.state.messages] == [f"*Power cut*\n{body}"]
        assert len(office.sink.state.sent) == sent
    rules = [request.path.rpartition("/")[2] for request in office.sink.requests if request.method == "POST"]
    assert rules == ["chat.postMessage", "chat.postMessage", "chat.delete", "chat.update"]
    office.lab.revert("power")
    assert office.sink.state.messages == []


@pytest.mark.parametrize("gone", ["support", "ops"])
def test_a_channel_that_runner_yaml_lost_is_told(gone: str, tmp_path: Path) -> None:
    """A message in a channel that was renamed or removed in runner.yaml holds the outage open and is reported, while
    the other channel is cleared; once the channel is back, so is its own. What was only sent is nothing to clear."""
    names = ("slack_app", "board", "slack")
    office = Office(tmp_path, channels=("support", "ops"))
    office.lab.apply(office.lab.playbook("power", office.steps(*names)))
    kept = [each for each in ("support", "ops") if each != gone]
    for channels, state in ((kept, "closing"), (["support", "ops"], "closed")):
        again = Office(tmp_path, channels=channels)
        again.lab.clock, again.sink = office.lab.clock, office.sink
        for name, options in EVERY.items():
            configured = target(channels=channels, name=name, **options)
            again.lab.connect(Vendor(configured, open_target, again.sink, secrets=SECRETS))
        (report,) = again.lab.later(hours=4).tick()
        said = {run.message for run in report.runs if run.state == "failed"}
        assert (report.state, len(said)) == (state, 2 if state == "closing" else 0)
        assert all(f"has no channel {gone} any more: put it back into runner.yaml" in each for each in said)
        left = [(each.service, each.channel) for each in office.sink.state.messages if each.service != "slack"]
        assert sorted(left) == ([("json", gone), ("slack_app", gone)] if state == "closing" else [])
        again.lab.session.close()


def test_doctor_does_not_say_that_what_was_not_asked_answers(tmp_path: Path) -> None:
    """An app and a receiver answer; of webhooks it is said that they only send."""
    found = {each.part: each.words for each in reversed(list(doctor._targets(Office(tmp_path).lab.session)))}
    assert {found[f"target {name}"] for name in SENDERS} == {"only sends: there is nothing to read"}
    assert {found[f"target {name}"] for name in ("slack_app", "board")} == {"answers; 1 kind of steps"}


def test_what_was_not_sent_is_sent_later(tmp_path: Path) -> None:
    """A service that cannot be reached leaves nothing unknown: the next command posts, once."""
    office = Office(tmp_path)
    down = [True]

    class Cut(Wire):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            if down:
                raise httpx.ConnectError("refused", request=request)
            return super().handle_request(request)

    for name in SENDERS:
        office.lab.vendors[name] = replace(office.lab.vendors[name], wire=Cut)
    report = office.lab.apply(office.lab.playbook("power", office.steps(*SENDERS)))
    assert (report.pending, notes(report), office.sink.requests) == (True, [], [])
    down.clear()
    assert notes(*office.lab.later(minutes=1).resume()) == []
    assert office.counts() == {"slack": 1, "teams": 1, "google_chat": 1, "json": 1, "slack_app": 0}


def test_the_guide_can_be_typed() -> None:
    """The targets of the guide open without an account, and its step is one that they take."""
    page = (Path(__file__).parents[2] / "docs" / "providers" / "webhook.md").read_text(encoding="utf-8")
    targets, (step,) = (yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL))
    kinds = {}
    for name, row in targets["targets"].items():
        configured = Target(name, row["provider"], row["options"], row["credentials"])
        kinds[name] = open_target(configured, ScriptedIo()).capabilities()["notice"]
    assert {spec.reversal for spec in kinds.values()} == {Reversal.WRITE, Reversal.FOLLOW_UP}
    for name in step["target"]:
        with_ = {**step["with"], **step["per_target"].get(name, {})}
        jsonschema.Draft202012Validator(kinds[name].schema).validate(with_)


# --- the simulator --------------------------------------------------------------------------------------------------


def asked(sink: Sink, method: str, path: str, body: Any, **headers: str) -> tuple[int, str]:
    with httpx.Client(transport=Wire(sink), base_url="https://example.com") as client:
        answer = client.request(method, path, json=body, headers=headers)
    return answer.status_code, answer.text


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        (path_of("slack", "support"), {"text": "x", "colour": "red"}, 400, "invalid_payload"),
        (path_of("slack", "support"), {"text": ""}, 400, "no_text"),
        (path_of("slack", "support"), {"text": "x" * 40_001}, 400, "msg_too_long"),
        (path_of("slack", "night"), {"text": "x"}, 410, "channel_is_archived"),
        ("/services/T0/B0/none", {"text": "x"}, 404, "no_service"),
        (path_of("teams", "support"), {"text": "x"}, 400, "TriggerInputSchemaMismatch"),
        (path_of("teams", "support"), {"attachments": [{"contentType": "text"}]}, 202, ""),
        (path_of("teams", "support").replace("sig=", "sig=x"), {}, 401, "DirectApiAuthorizationRequired"),
        (path_of("google_chat", "support"), {"text": ""}, 400, "Message cannot be empty."),
        (path_of("google_chat", "support"), {"text": "x", "body": "y"}, 400, "Unknown name"),
        (path_of("google_chat", "support") + "&colour=red", {"text": "x"}, 400, "Unknown name"),
        (path_of("google_chat", "support").replace("token=", "token=x"), {"text": "x"}, 403, "PERMISSION_DENIED"),
        (path_of("json", "support"), {"text": "x"}, 422, "a message has the fields"),
        ("/nothing", {}, 501, "not simulated"),
    ],
)
def test_the_simulator_takes_nothing_that_the_service_refuses(path: str, body: Any, status: int, said: str) -> None:
    """Wrong forms, unknown fields, addresses that do not exist: refused in the service's own way, and nothing stands in
    a channel."""
    sink = Sink(clock=START.timestamp)
    sink.state.archived.add("night")
    found, text = asked(sink, "POST", path, body)
    assert (found, said in text) == (status, True)
    assert (sink.state.messages, len(sink.state.failures)) == ([], int(status == 202))


@pytest.mark.parametrize(
    ("method", "body", "error"),
    [
        ("chat.postMessage", {"channel": "C9", "text": "x"}, "channel_not_found"),
        ("chat.postMessage", {"channel": slack_id("ops"), "text": "x"}, "not_in_channel"),
        ("chat.postMessage", {"channel": slack_id("night"), "text": "x"}, "is_archived"),
        ("chat.postMessage", {"channel": slack_id("support")}, "no_text"),
        ("chat.postMessage", {"channel": slack_id("support"), "text": "x", "colour": 1}, "invalid_arguments"),
        (
            "chat.postMessage",
            {"channel": slack_id("support"), "text": "x", "metadata": {"a": 1}},
            "invalid_metadata_format",
        ),
        ("chat.update", {"channel": slack_id("support"), "text": "x", "ts": "1.2"}, "message_not_found"),
        ("chat.delete", {"channel": slack_id("support"), "ts": "THEIRS"}, "cant_delete_message"),
        ("chat.update", {"channel": slack_id("support"), "ts": "THEIRS", "text": "x"}, "cant_update_message"),
    ],
)
def test_the_simulated_slack_refuses_in_a_200(method: str, body: dict[str, Any], error: str) -> None:
    """The Web API says what is wrong in an answer that looks like a success; without a token it says that."""
    sink = Sink(clock=START.timestamp)
    sink.state.absent.add("ops")
    sink.state.archived.add("night")
    sink.chatter("support", 1)
    if body.get("ts") == "THEIRS":
        body = {**body, "ts": sink.state.messages[0].id}
    found = asked(sink, "POST", f"/api/{method}", body, Authorization=f"Bearer {BOT_TOKEN}")
    assert (found[0], json.loads(found[1])) == (200, {"ok": False, "error": error})
    assert json.loads(asked(sink, "POST", f"/api/{method}", body)[1])["error"] == "not_authed"


def test_a_channel_takes_a_message_a_second() -> None:
    """After a burst each channel takes one message a second, and says how long to wait."""
    room = Room("slack", ["support", "ops"])
    (one, two) = room.changes()
    for _ in range(5):
        assert room.write(one) == [Outcome(Verdict.DONE)]
    with pytest.raises(RateLimited) as caught:
        room.write(one)
    assert caught.value.retry_after == 1.0
    assert room.write(two) == [Outcome(Verdict.DONE)]
    room.io.sleep(1)
    assert room.write(one) == [Outcome(Verdict.DONE)]


def test_a_long_slack_text_is_cut_into_messages() -> None:
    """The simulator does what Slack does: after 4,000 characters it goes on in another message."""
    sink = Sink(clock=START.timestamp)
    assert asked(sink, "POST", path_of("slack", "support"), {"text": "x" * 9000}) == (200, "ok")
    assert [len(each.text) for each in sink.state.messages] == [4000, 4000, 1000]


def test_the_sandbox_says_where_and_with_what(monkeypatch: pytest.MonkeyPatch) -> None:
    """`runner sandbox webhook` prints an address of every service and the credentials, and serves them."""
    served: list[Any] = []
    monkeypatch.setattr("providers.wire.serving.until_stopped", lambda *args, **more: served.append((args, more)))
    command = group(lambda: (), START.timestamp)
    command.main(["--port", "8765"], standalone_mode=False)
    (((wire, port, lines), _),) = served
    assert (port, len(wire.routes) >= 10) == (8765, True)
    assert {path_of("slack", "support"), BOT_TOKEN, slack_id("support")} <= set(lines.values())
