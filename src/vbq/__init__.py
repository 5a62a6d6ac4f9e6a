"""Re-run and external validation of the vertebral bone quality (VBQ) score study.

codebook       the study's variables and criteria, in one place
configuration  the files of the configuration, each held against its schema
paths          the files that a cohort file names
ingest         files of any site -> the canonical cohort; a proposed cohort file
problems       what is wrong with the input, collected and told at once
scores         VBQ, its variants, and SINS
stats          statistics on plain arrays
study          the study's analyses: a cohort and a plan in, tidy tables out
validation     published rules in another cohort
internal       the whole procedure in resamples of its own patients
published      printed figures: comparison with recomputed ones, audit, reconstruction of a cohort from them
simulation     an external site, simulated
render         figures and pages from tidy tables
checking       a cohort read and checked without analyzing it
template       the empty workbook and the REDCap data dictionary for a site to fill in
command        the command `vbq`: new-cohort, check, template
run            what the scripts of the workflow share
errors         what a user can correct
"""
