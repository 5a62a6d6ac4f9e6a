"""Figures and pages from tidy tables. Nothing is computed here.

numbers      how p-values, percents, estimates and intervals are written
labels       names of variables, levels, terms, tests and readers
comparison   printed figures beside recomputed ones
tables       tables of text, as they are read
score_tables the same of scores and cut-offs
style        the one style of all figures
figures      the figures
pictures     figures inside a page
page         report.html
"""
