"""Files of any site -> canonical cohort."""

from vbq.ingest.cohort import Ingested, read_cohort

__all__ = ["Ingested", "read_cohort"]
