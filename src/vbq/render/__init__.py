"""Figures, pages and documents from tidy tables. Nothing is computed here.

numbers      how p-values, percents, estimates and intervals are written
labels       names of variables, levels, terms, tests and readers
comparison   printed figures beside recomputed ones
document     what a document is made of, whatever it is written as
tables       tables of text, as they are read
figures      the figures, in one style, each with its data
report       what the report of a cohort says
pages        the audit of a paper, the check of a site's files, the risk page
writers      a document as a page, a PDF and Word tables
templates    what the writers fill in
"""
