"""The provider of the guide, taken from docs/providers.md word for word, keeps every promise that the guide makes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import httpx
import pytest

from runner.model import Change, Slot, Verdict
from runner.spi import KindSpec, ProviderError, Query, RateLimited, Rejected, Target, Unauthorized, Unavailable
from runner.testing import ScriptedIo, suite

GUIDE = Path(__file__).parents[2] / "docs" / "providers.md"


def module(name: str, source: str) -> ModuleType:
    """Return a module made from a block of the guide, importable by its name."""
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(source, f"{GUIDE.name}:{name}", "exec"), made.__dict__)  # the guide is ours
    return made


PROVIDER, PROOF = re.findall(r"^```python\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
shopdesk = module("shopdesk", PROVIDER)
TestShopdesk = module("test_shopdesk", PROOF).TestShopdesk


def test_the_guide_says_what_a_kind_may_declare() -> None:
    """Every field of a kind that a provider may set stands in the guide."""
    text = GUIDE.read_text(encoding="utf-8")
    fields = set(KindSpec.__dataclass_fields__) - {"kind", "title", "merges", "menu", "announces"}
    assert {name for name in fields if f"`{name}" not in text and f"`{name}`" not in text} == set()


def test_the_guide_names_every_test_ground() -> None:
    """The names that the guide imports from the suite are the ones that the suite offers."""
    assert all(name in PROOF for name in suite.__all__)


def opened(status: int) -> Any:
    """Return the provider of the guide on a vendor that answers everything with this status."""
    target = Target("shop-br", "shopdesk", {"url": "https://shop"}, {"token": "env:T"})
    transport = httpx.MockTransport(lambda request: httpx.Response(status, headers={"retry-after": "7"}))
    return shopdesk.Shopdesk(target, ScriptedIo(secrets={"env:T": "x"}), transport)


CHANGE = Change(Slot("shop-br", "channel", "c01", "enabled"), True, False)


@pytest.mark.parametrize(
    ("status", "error"), [(401, Unauthorized), (429, RateLimited), (503, Unavailable), (422, Rejected)]
)
def test_a_refusal_is_a_sentence(status: int, error: type[ProviderError]) -> None:
    """The provider of the guide raises as its table says, on reads and on writes, and names the target."""
    for answers in (lambda one: one.read(Query("channel")), lambda one: one.write([CHANGE])):
        with pytest.raises(error, match="shop-br") as caught:
            list(answers(opened(status)))
        assert getattr(caught.value, "retry_after", 7) == 7


def test_a_server_error_after_sending_is_unknown() -> None:
    """The provider of the guide answers `unknown` where the vendor may have written, and raises where it only read."""
    assert [outcome.verdict for outcome in opened(500).write([CHANGE])] == [Verdict.UNKNOWN]
    with pytest.raises(Unavailable, match="answered 500"):
        list(opened(500).read(Query("channel")))
