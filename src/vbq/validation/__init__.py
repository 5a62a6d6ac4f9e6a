"""External validation of published rules: a cohort, rules and a plan in, tidy tables out.

rules          a rule under test, and what it says of patients
comparability  this cohort beside the one in which the rules were made
precision      what so many patients and events can show
performance    discrimination, calibration and overall performance of a rule, pairs of rules, terms
calibration    by risk pattern, and along a smooth curve
utility        decision curves
subgroups      performance in subgroups, and tests of interaction
updating       the rules updated to this cohort, internally validated
missing        missing values, multiple imputation, pooling
"""

COMPLETE = "complete cases"  # the two analyses, as the tables name them
IMPUTED = "multiple imputation"
