"""Synthetic patients whose rows reproduce what a paper prints.

printed      look up a printed figure by its place in the results
measures     whole-numbered measurements with given group means and p-value
scores       marker scores that meet a printed logistic regression
rounding     rounding that comes out the same on every machine
readings     region-of-interest intensities whose ratio is a given score
cohort       all of it together: patients and readings as a site would have them
"""
