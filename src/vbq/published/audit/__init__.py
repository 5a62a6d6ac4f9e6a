"""What the printed figures of a paper say about each other. No patient rows are needed.

finding      what a finding is, and how severe
counts       counts, percentages, sums
p_values     which test made the p-values, which rows break it, what would follow
repair       the smallest change of counts that restores a row
means        attainable means, implied standard deviations
estimates    odds ratios or log-odds, Wald or profile intervals
accuracy     sensitivity, specificity, AUC, predictive values, "accuracy"
joint        joint tables of two scores and their combined rule
expected     subgroup sizes, cut-off and performance that the means imply
repeated     the same quantity in several places
implied      the table of implied numbers
checks       all of them together
"""
