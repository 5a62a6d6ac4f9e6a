"""How property tests draw their cases.

By default every run draws the same ones, so that a change is judged by what it changes. To look for new
ones: `HYPOTHESIS_PROFILE=search .venv/bin/pytest tests/unit`.
"""

import os

from hypothesis import settings

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))
