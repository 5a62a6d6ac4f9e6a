# Areas under ROC curves with pROC: DeLong's variance and covariance, intervals, paired comparisons.
source("common.R")
suppressPackageStartupMessages(library(pROC))
set.seed(2019)
data(aSAH)

cases <- list(
  aSAH = data.frame(
    event = as.numeric(aSAH$outcome == "Poor"), s100b = aSAH$s100b, ndka = aSAH$ndka, wfns = as.numeric(aSAH$wfns),
    age_negated = -aSAH$age, female = as.numeric(aSAH$gender == "Female")
  ),
  tied = data.frame(event = rbinom(30, 1, 0.4), few_values = rbinom(30, 2, 0.5), binary = rbinom(30, 1, 0.5)),
  perfect = data.frame(event = rep(0:1, c(8, 5)), perfect = 1:13, reversed = 13:1, constant = rep(1, 13)),
  two_events = data.frame(event = rep(0:1, c(10, 2)), a = round(rnorm(12), 1), b = round(rnorm(12), 1))
)

for (case in names(cases)) {
  frame <- cases[[case]]
  scores <- names(frame)[-1]
  curves <- lapply(frame[scores], function(score) roc(frame$event, score, direction = "<", levels = c(0, 1), quiet = TRUE, smooth = FALSE))
  for (score in scores) {
    curve <- curves[[score]]
    variance <- as.numeric(suppressWarnings(var(curve, method = "delong")))
    interval <- suppressWarnings(ci.auc(curve, method = "delong"))
    area <- as.numeric(auc(curve))
    record(paste0(case, "/", score), auc = area, variance = variance)
    if (variance > 0) {
      half <- qnorm(0.975) * sqrt(variance) / (area * (1 - area))
      record(paste0(case, "/", score),
        low = interval[1], high = interval[3],
        low_90 = ci.auc(curve, method = "delong", conf.level = 0.9)[1],
        logit_low = plogis(qlogis(area) - half), logit_high = plogis(qlogis(area) + half)
      )
    }
  }
  if (case == "perfect") next
  for (pair in combn(scores, 2, simplify = FALSE)) {
    first <- curves[[pair[1]]]
    second <- curves[[pair[2]]]
    test <- roc.test(first, second, method = "delong", paired = TRUE)
    # the interval by its definition: pROC 1.18 keeps it in test$conf.int
    difference <- as.numeric(auc(first) - auc(second))
    record(paste0(case, "/", pair[1], "/", pair[2]),
      covariance = cov(first, second, method = "delong"), z = test$statistic, p_value = test$p.value,
      difference = difference, low = test$conf.int[1], high = test$conf.int[2]
    )
  }
}
for (case in names(cases)) write_data(cases[[case]], paste0("roc_", case))
write_values("roc")
