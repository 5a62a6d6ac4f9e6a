"""The study's analyses: a cohort and plain settings in, a tidy table out.

plan            whether a plan can be carried out on a cohort
design          from variables to arrays
univariable     every variable against the outcome (Table 1), or against a score (the supplements)
multivariable   logistic regression on the variables that screening selects (Table 2)
discrimination  sensitivity, specificity, AUC and ROC curves of scores (Table 3, Figures 2-4)
"""
