# psych::ICC, all six forms; Bland-Altman limits with exact intervals (Carkeet 2015: noncentral t); standard error of
# measurement.
source("common.R")
set.seed(2019)

subject <- rnorm(40, 3, 0.6)
cases <- list(
  # Shrout and Fleiss 1979, Table 2: 6 targets, 4 judges
  shrout_fleiss = data.frame(J1 = c(9, 6, 8, 7, 10, 6), J2 = c(2, 1, 4, 1, 5, 2), J3 = c(5, 3, 6, 2, 6, 4), J4 = c(8, 2, 8, 6, 9, 7)),
  three_raters = as.data.frame(round(cbind(a = subject + rnorm(40, 0, 0.3), b = subject + rnorm(40, 0.2, 0.2), c = subject + rnorm(40, -0.1, 0.4)), 2)),
  two_raters = as.data.frame(round(cbind(a = subject + rnorm(40, 0, 0.2), b = subject + rnorm(40, 0.03, 0.2)), 2)),
  noise = as.data.frame(round(cbind(a = rnorm(15), b = rnorm(15), c = rnorm(15)), 2)),
  # Past the pole of Spearman and Brown's formula
  disagreeing = data.frame(
    a = c(2.066, 3.047, 2.968, 4.174, 1.949, 3.185, 2.467, 1.978, 1.955, 2.837),
    b = c(2.422, 2.082, 2.997, 1.848, 2.827, 1.966, 3.722, 4.371, 2.311, 2.539)
  ),
  unrelated = as.data.frame(round(cbind(a = rnorm(5), b = rnorm(5), c = rnorm(5)), 2)),
  # No two readings differ, and one reader is always half a unit above the other
  copied = data.frame(a = round(subject, 2), b = round(subject, 2)),
  shifted = data.frame(a = round(subject, 2), b = round(subject, 2) + 0.5)
)

for (case in names(cases)) {
  ratings <- cases[[case]]
  fit <- psych::ICC(ratings, lmer = FALSE)$results
  for (form in fit$type) {
    row <- fit[fit$type == form, ]
    low <- row[["lower bound"]]
    single <- fit[fit$type == sub("k$", "", form), "lower bound"]
    if (endsWith(form, "k") && single <= -1 / (ncol(ratings) - 1)) low <- -Inf # psych goes on past the pole
    record(paste0(case, "/", form), estimate = row$ICC, low = low, high = row[["upper bound"]])
  }
  long <- stack(ratings)
  long$subject <- factor(rep(seq_len(nrow(ratings)), ncol(ratings)))
  within <- anova(lm(values ~ subject, long))
  df <- within$Df[2]
  sem <- sqrt(within[["Sum Sq"]][2] / c(df, qchisq(0.975, df), qchisq(0.025, df)))
  record(paste0(case, "/sem"), estimate = sem[1], low = sem[2], high = sem[3])
  change <- qnorm(0.975) * sqrt(2) * sem
  record(paste0(case, "/smallest_detectable_change"), estimate = change[1], low = change[2], high = change[3])

  difference <- ratings[[1]] - ratings[[2]]
  if (sd(difference) < 1e-12) next # t.test: "data are essentially constant"
  n <- length(difference)
  z <- qnorm(0.975)
  bias <- t.test(difference)
  record(paste0(case, "/bias"), estimate = bias$estimate, low = bias$conf.int[1], high = bias$conf.int[2])
  factors <- sapply(c(0.025, 0.975), function(p) qt(p, n - 1, ncp = sqrt(n) * z) / sqrt(n))
  middle <- mean(difference)
  spread <- sd(difference)
  record(paste0(case, "/limit_low"), estimate = middle - z * spread, low = middle - factors[2] * spread, high = middle - factors[1] * spread)
  record(paste0(case, "/limit_high"), estimate = middle + z * spread, low = middle + factors[1] * spread, high = middle + factors[2] * spread)
}
for (case in names(cases)) write_data(cases[[case]], paste0("ratings_", case))
write_values("agreement")
