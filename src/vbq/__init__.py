"""Re-run and external validation of the vertebral bone quality (VBQ) score study.

codebook    the study's variables and criteria, in one place
ingest      files of any site -> the canonical cohort
scores      VBQ and SINS
stats       statistics on plain arrays
study       the study's analyses: a cohort and a plan in, tidy tables out
published   printed figures: comparison with recomputed ones, reconstruction of a cohort from them
render      figures and pages from tidy tables
run         what the scripts of the workflow share
"""
