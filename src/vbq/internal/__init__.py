"""Internal validation: the study's whole procedure in resamples of its own patients.

`procedure` carries it out in many weighted samples at once, `replicates` in bootstrap resamples, `optimism`
says what is left of its performance, `stability` what depends on the sample, `other_ways` has
cross-validation and a permutation test; `validate` makes every table.
"""

TABLES = (
    *("optimism", "optimism_selection", "optimism_paths", "optimism_cutoff", "optimism_instability"),
    *("optimism_replicates", "optimism_differences", "optimism_other_ways"),
)
