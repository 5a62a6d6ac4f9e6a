"""A simulated cohort.

site   an external site: patients and readings as a German hospital would send them
"""
