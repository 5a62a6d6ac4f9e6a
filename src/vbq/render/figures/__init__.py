"""The figures, from tidy tables. Nothing is computed here but where ink goes.

style        the one style of all figures, and how they are saved
pictures     figures inside a page
flow         the participant flow
study        those of the study
optimism     those of the internal validation
validation   those of an external validation
audit        those of a paper's audit
"""
