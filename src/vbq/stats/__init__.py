"""Statistics on plain arrays: no word of the study, no files, nothing imported from the rest of `vbq`.

contingency    two-way tables: likelihood-ratio, Pearson, Yates, Fisher and mid-p tests
groups         a continuous variable across groups: linear regression, Welch, Mann-Whitney
logistic       logistic regression: likelihood-ratio tests, profile intervals, Firth's penalty
roc            areas under ROC curves with DeLong's variance, their intervals and differences
cutoff         ways to choose a cut-off, with bootstrap intervals
proportions    Wilson's interval
agreement      intraclass correlation, Bland-Altman limits, measurement error
resampling     bootstrap weights and percentile intervals
"""
