"""What several unit tests share."""

import pytest
from ingest_site import Site


@pytest.fixture
def site(tmp_path):
    return Site(tmp_path)
