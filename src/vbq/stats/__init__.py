"""Statistics on plain arrays: no word of the study, no files, nothing imported from the rest of `vbq`.

contingency    two-way tables: likelihood-ratio, Pearson, Yates, Fisher and mid-p tests
groups         a continuous variable across groups: linear regression, Welch, Mann-Whitney
logistic       logistic regression: likelihood-ratio tests, profile intervals, Firth's penalty
digits         numbers as decimals of twelve digits, and ties of computed numbers
roc            areas under ROC curves with DeLong's variance, their intervals and differences
cutoff         ways to choose a cut-off, with bootstrap intervals
proportions    Wilson's and Clopper and Pearson's intervals, ratios of proportions
calibration    observed over expected, recalibration, patterns, smooth curves, Brier score
decision       net benefit
balance        standardized differences
precision      expected widths of intervals, sample sizes of a validation
imputation     multiple imputation by chained equations
pooling        Rubin's rules
batched        many logistic regressions and AUCs at once
grouping       equal observations counted once, and resamples of them
joint          every joint table of two dichotomous scores
rounded        what printed numbers stand for
agreement      intraclass correlation, Bland-Altman limits, measurement error
resampling     bootstrap weights and percentile intervals
"""
