"""Runs that several tests look at, and how property tests draw their cases.

By default every run draws the same cases, so that a change is judged by what it changes. To look for new
ones: `HYPOTHESIS_PROFILE=search .venv/bin/pytest tests/unit`.
"""

import os

import pytest
from hypothesis import settings
from project_copy import Copy, copy_project

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist looks at the groups
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give all tests of one finished run to one worker, and those of one file, which share fixtures."""
    for item in items:
        names = getattr(item, "fixturenames", ())
        run = next((name for name in ("rerun", "validated") if name in names), item.path.name)
        item.add_marker(pytest.mark.xdist_group(run))


@pytest.fixture(scope="session")
def rerun(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The default run, finished."""
    copy = copy_project(tmp_path_factory.mktemp("rerun"))
    (copy.path / "output.txt").write_text(copy.snakemake())
    return copy


@pytest.fixture(scope="session")
def validated(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The simulated site with its external validation, finished."""
    copy = copy_project(tmp_path_factory.mktemp("validated"))
    (copy.path / "output.txt").write_text(copy.run("config/cohorts/simulated_site.yaml"))
    return copy
