"""Figures and pages from tidy tables. Nothing is computed here.

numbers      how p-values, percents, estimates and intervals are written
labels       names of variables, levels, terms, tests and readers
comparison   printed figures beside recomputed ones
tables       tables of text, as they are read
style        the one style of all figures
figures      the figures
page         report.html
"""
