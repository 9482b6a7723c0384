"""Whether a mail server lets us in, and whether the lists can be read: for `runner doctor`. Sends nothing."""

from __future__ import annotations

from collections.abc import Iterator

from providers.mail.lists import entries
from providers.mail.post import Post
from runner.spi import Finding, InvalidInput


def examine(post: Post) -> Iterator[Finding]:
    """Yield findings about encryption, login, size of messages and lists. Raises `ProviderError`."""
    account = post.account
    with post.round() as one:
        line = one.open()
        encrypted = line.encryption or "without encryption, which never leaves this machine"
        login = "with a login" if account.credentials else "without a login"
        yield Finding("ok", f"{account.place} answers, {encrypted}, {login}, as {account.sender.address}")
        if line.largest is not None and line.largest < account.max_size:
            hint = f"set `max_size: {line.largest}`, so that a plan refuses what is too long"
            yield Finding("note", f"the server takes messages of up to {line.largest:,} bytes", hint)
        one.quit()
    for name, source in account.lists.items():
        try:
            count = sum(1 for _ in entries(source))
        except InvalidInput as fault:
            yield Finding("problem", fault.message, fault.hint)
            continue
        if count:
            yield Finding("ok", f"list {name}: {count:,} entries")
        else:
            yield Finding("note", f"list {name} is empty", f"put addresses into {source.shown}, or drop the list")
