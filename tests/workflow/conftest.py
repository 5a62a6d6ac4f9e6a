"""The default run, which several tests look at."""

import pytest
from project_copy import Copy, copy_project


@pytest.fixture(scope="session")
def rerun(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """The default run, finished."""
    copy = copy_project(tmp_path_factory.mktemp("rerun"))
    (copy.path / "output.txt").write_text(copy.snakemake())
    return copy
