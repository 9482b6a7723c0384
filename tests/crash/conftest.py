"""What the tests of dying processes share."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("tests.support.crash")
