"""Secrets: found where their references say, said by name when missing, and in no text that leaves the runner."""

from __future__ import annotations

import base64
import html
import json
import sys
import types
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest

from runner.errors import Unauthorized
from runner.redact import Vault
from runner.spi import Secret

TOKEN = 'canary/T0k3n+"with\\odd=signs&é'


def vault(folder: Path, **environment: str) -> Vault:
    return Vault(environment, folder)


# --- finding --------------------------------------------------------------------------------------------------------


def test_a_secret_of_the_environment(tmp_path: Path) -> None:
    """`env:NAME` is the value of the variable, as it stands there."""
    assert vault(tmp_path, TOKEN=" abc ").secret("env:TOKEN").reveal() == " abc "


def test_a_secret_of_a_file(tmp_path: Path) -> None:
    """`file:PATH` is the text of the file without the line end; a relative path starts at runner.yaml."""
    (tmp_path / "sub").mkdir()
    file = tmp_path / "sub" / "token"
    file.write_text("abcdef\n", encoding="utf-8")
    assert vault(tmp_path).secret("file:sub/token").reveal() == "abcdef"
    assert vault(tmp_path / "elsewhere").secret(f"file:{file}").reveal() == "abcdef"


def keyring(monkeypatch: pytest.MonkeyPatch, answer: object) -> list[tuple[str, str]]:
    """Put a keyring in place that gives `answer`, or raises it; return what it was asked for."""
    asked: list[tuple[str, str]] = []

    def get_password(service: str, name: str) -> object:
        asked.append((service, name))
        if isinstance(answer, Exception):
            raise answer
        return answer

    module = types.ModuleType("keyring")
    module.get_password = get_password
    monkeypatch.setitem(sys.modules, "keyring", module)
    return asked


def test_a_secret_of_the_keyring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`keyring:NAME` asks the system's keyring for the entry of the runner."""
    asked = keyring(monkeypatch, "abcdef")
    assert vault(tmp_path).secret("keyring:zendesk").reveal() == "abcdef"
    assert asked == [("outage-runner", "zendesk")]


def missing(found: Vault, reference: str) -> str:
    with pytest.raises(Unauthorized) as caught:
        found.secret(reference)
    return caught.value.message


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("env:NOTHING", "the environment variable NOTHING is not set"),
        ("env:EMPTY", "the environment variable EMPTY is not set"),
        ("file:nothing", "there is no file"),
        ("file:.", "there is no file"),
        ("file:empty", "is empty"),
        ("file:binary", "is no text in UTF-8"),
    ],
)
def test_a_missing_secret_is_said_by_reference_and_place(tmp_path: Path, reference: str, said: str) -> None:
    """What is missing is named by its reference, with the variable or the file where it was looked for."""
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    sentence = missing(vault(tmp_path, EMPTY=""), reference)
    assert f"the credential {reference} is missing" in sentence
    assert said in sentence


def test_a_file_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential file that is closed to this user is said with the system's reason."""
    (tmp_path / "token").write_text("abcdef")

    def closed(*_: object, **__: object) -> str:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", closed)
    assert "cannot be read: Permission denied" in missing(vault(tmp_path), "file:token")


def test_a_keyring_that_has_nothing_or_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An entry that is not there, a keyring that is locked, a package that is missing: a sentence each."""
    keyring(monkeypatch, None)
    assert "the keyring has no entry outage-runner/zendesk" in missing(vault(tmp_path), "keyring:zendesk")
    keyring(monkeypatch, RuntimeError("no backend"))
    assert "the keyring cannot be asked for outage-runner/zendesk" in missing(vault(tmp_path), "keyring:zendesk")
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert "the package `keyring`" in missing(vault(tmp_path), "keyring:zendesk")


@pytest.mark.parametrize("reference", ["plain-text-token", "vault:x", "", "ENV:TOKEN"])
def test_a_text_that_is_no_reference_is_not_repeated(tmp_path: Path, reference: str) -> None:
    """A secret written in place of a reference is refused without being shown."""
    sentence = missing(vault(tmp_path, TOKEN="x"), reference)
    assert "env:NAME, file:PATH or keyring:NAME" in sentence
    assert "plain-text-token" not in sentence


def test_a_secret_prints_as_stars() -> None:
    """However a secret is shown, by print, format, repr, or inside something else, it is `***` or not there."""
    secret = Secret("abcdef")
    shown = [str(secret), f"{secret}", f"{secret!r}", f"{secret!s:>8}", repr([secret]), str({"token": secret})]
    assert [text for text in shown if "abcdef" in text] == []
    assert str(secret) == "***"
    assert secret.reveal() == "abcdef"


# --- scrubbing ------------------------------------------------------------------------------------------------------

FORMS = {
    "bare": TOKEN,
    "in JSON": json.dumps(TOKEN),
    "in JSON with its letters": json.dumps(TOKEN, ensure_ascii=False),
    "as Python shows it": repr(TOKEN),
    "in a path": quote(TOKEN),
    "in a query": quote(TOKEN, safe=""),
    "in a form": quote_plus(TOKEN),
    "in base64": base64.b64encode(TOKEN.encode()).decode(),
    "as Python shows what it shows": repr(repr(TOKEN)),
    "in JSON in JSON": json.dumps(json.dumps(TOKEN)),
    "in JSON as Python shows it": repr(json.dumps(TOKEN)),
    "in a path of a path": quote(quote(TOKEN)),
    "in small hexadecimal": quote(TOKEN, safe="").lower().replace("t0k3n", "T0k3n"),
    "in HTML": html.escape(TOKEN),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_that_was_given_out_is_scrubbed_however_it_is_written(tmp_path: Path, form: str) -> None:
    """Bare, escaped, quoted or encoded: what was given out is replaced, and the words around it stay."""
    found = vault(tmp_path, TOKEN=TOKEN)
    found.secret("env:TOKEN")
    text = found.scrub(f"before {FORMS[form]} after {FORMS[form]}")
    assert "T0k3n" not in text
    assert text.startswith("before ")
    assert text.count("***") == 2


def test_a_secret_of_several_lines_is_scrubbed_line_by_line(tmp_path: Path) -> None:
    """A private key is not shown by a fault that quotes one of its lines."""
    (tmp_path / "key").write_text("-----BEGIN KEY-----\nMIIEvQIBADANB\n=\n-----END KEY-----\n")
    found = vault(tmp_path)
    found.secret("file:key")
    assert found.scrub("bad line: MIIEvQIBADANB") == "bad line: ***"
    assert found.scrub("a = b") == "a = b"


@pytest.mark.parametrize("user", ["a", "an", "ana", "ana@example.com/token"])
def test_a_login_in_base64_is_scrubbed(tmp_path: Path, user: str) -> None:
    """What a client sends as user and password in one piece does not show the password to who decodes it."""
    found = vault(tmp_path, TOKEN="0123456789-abcdefghij")
    found.secret("env:TOKEN")
    login = base64.b64encode(f"{user}:0123456789-abcdefghij".encode()).decode()
    shown = found.scrub(f"Basic {login}").partition(" ")[2]
    left = base64.b64decode(shown.partition("***")[0] + "==", validate=False)
    assert "***" in shown
    assert b"0123" not in left
    assert "abcdefghij" not in shown


def test_a_long_run_of_backslashes_takes_no_time(tmp_path: Path) -> None:
    """A text that is made to be slow to search is searched all the same."""
    found = vault(tmp_path, TOKEN="'\"'\"'\"'\"")
    found.secret("env:TOKEN")
    text = "\\" * 20_000
    assert found.scrub(text) == text


def test_a_word_written_otherwise_is_another_word(tmp_path: Path) -> None:
    """A credential that is an ordinary word hides only that very word."""
    found = vault(tmp_path, NAME="acme")
    found.secret("env:NAME")
    assert found.scrub("Acme at https://acme.example") == "Acme at https://***.example"


def test_a_line_end_of_a_variable_does_not_hide_the_secret(tmp_path: Path) -> None:
    """A variable that ends with a line break is scrubbed without the break too."""
    found = vault(tmp_path, TOKEN="abcdef\n")
    found.secret("env:TOKEN")
    assert found.scrub("GET with abcdef failed") == "GET with *** failed"


def test_a_secret_within_another_leaves_nothing_of_the_longer(tmp_path: Path) -> None:
    """Of two secrets that begin alike the longer is replaced first."""
    found = vault(tmp_path, A="secret", B="secret-and-more")
    found.secret("env:A")
    found.secret("env:B")
    assert found.scrub("secret-and-more, secret") == "***, ***"


def test_short_secrets_do_not_take_words_with_them(tmp_path: Path) -> None:
    """A secret of three characters is not searched for in every text; in a query string it goes all the same."""
    found = vault(tmp_path, PIN="ate")
    found.secret("env:PIN")
    assert found.scrub("the template") == "the template"
    assert found.scrub("https://h.example/?token=ate") == "https://h.example/?token=***"


def test_nothing_is_scrubbed_that_was_not_given_out(tmp_path: Path) -> None:
    """Texts without secrets come back unchanged, also while secrets are known."""
    found = vault(tmp_path, TOKEN="abcdef")
    text = 'Support BR: 09:00-18:00, see https://h.example/a?b=c&d=e or "authorize"'
    assert found.scrub(text) == text
    assert found.scrub("abcdef") == "abcdef"
    found.secret("env:TOKEN")
    assert found.scrub(text) == text
    assert found.scrub("") == ""


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("GET https://h/x?token=abc&b=1", "GET https://h/x?token=***&b=1"),
        ("?API_KEY=abc&apikey=d&access_token=e", "?API_KEY=***&apikey=***&access_token=***"),
        ("'https://h/?a=1&password=p' failed", "'https://h/?a=1&password=***' failed"),
        ("https://h/?sig=a%2Fb#top", "https://h/?sig=***"),
        ("https://user:pass@h.example/x", "https://user:***@h.example/x"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("{'authorization': 'Basic YWJj', 'x': 1}", "{'authorization': 'Basic ***', 'x': 1}"),
        ("https://h.example:8080/a@b", "https://h.example:8080/a@b"),
    ],
)
def test_what_a_url_or_a_header_calls_a_secret_is_scrubbed(tmp_path: Path, text: str, wanted: str) -> None:
    """Tokens that the runner never gave out go from query strings, logins in URLs, and headers."""
    assert vault(tmp_path).scrub(text) == wanted
