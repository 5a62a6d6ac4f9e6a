"""Files of any site -> canonical cohort."""

from vbq.ingest.cohort import Ingested, read_cohort
from vbq.ingest.problems import IngestError, Problem

__all__ = ["IngestError", "Ingested", "Problem", "read_cohort"]
