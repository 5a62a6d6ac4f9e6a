"""Runs that several tests look at, and how property tests draw their cases.

By default every run draws the same cases, so that a change is judged by what it changes. To look for new
ones: `HYPOTHESIS_PROFILE=search .venv/bin/pytest tests/unit`.
"""

import os
import re
from functools import cache

import pytest
from hypothesis import settings
from project_copy import PROJECT, Copy, copy_project
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.register_profile("search", max_examples=1000, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "repeatable"))


class ByRun(LoadScopeScheduling):
    """One worker makes the finished runs and looks at them; other tests go by file, which share fixtures."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "finished runs" if _looks_at_a_run(file) else file


@cache
def _looks_at_a_run(file: str) -> bool:
    return re.search(r"\b(rerun|validated): Copy", (PROJECT / file).read_text(encoding="utf-8")) is not None


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByRun:
    return ByRun(config, log)


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
