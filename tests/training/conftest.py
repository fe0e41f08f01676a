"""Training needs torch."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="networks need the extra 'train'")
