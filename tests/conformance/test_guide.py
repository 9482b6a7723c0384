"""The provider of the guide, taken from docs/providers.md word for word, keeps every promise that the guide makes."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from types import ModuleType

import httpx
import pytest

from runner.model import Change, Slot, Verdict
from runner.spi import KindSpec, Query, Target, Unauthorized
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


def test_a_wrong_token_is_a_sentence() -> None:
    """The provider of the guide turns a refused credential into an error that names the target."""
    target = Target("shop-br", "shopdesk", {"url": "https://shop"}, {"token": "env:T"})
    transport = httpx.MockTransport(lambda request: httpx.Response(401))
    provider = shopdesk.Shopdesk(target, ScriptedIo(secrets={"env:T": "wrong"}), transport)
    with pytest.raises(Unauthorized, match="shop-br refuses the token"):
        list(provider.read(Query("channel")))


def test_a_server_error_after_sending_is_unknown() -> None:
    """The provider of the guide answers `unknown` where the vendor may have written before it broke."""
    target = Target("shop-br", "shopdesk", {"url": "https://shop"}, {"token": "env:T"})
    transport = httpx.MockTransport(lambda request: httpx.Response(500))
    provider = shopdesk.Shopdesk(target, ScriptedIo(secrets={"env:T": "x"}), transport)
    change = Change(Slot("shop-br", "channel", "c01", "enabled"), True, False)
    assert [outcome.verdict for outcome in provider.write([change])] == [Verdict.UNKNOWN]
