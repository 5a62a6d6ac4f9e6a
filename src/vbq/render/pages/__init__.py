"""Pages beside the report: a paper's audit, the check of a site's files, the risk of one patient."""
