# Calibration: glm, profile limits and likelihood-ratio tests; survey, rms and Hmisc; decision curves and the exact and
# closed-form intervals beside them; many logistic regressions, one glm each.
#
# Likelihoods are written out and the intercept for a given slope is the root of its score, since glm cuts linear
# predictors off at 30 (`wide` has some of 60); where glm holds, its estimates are recorded as well.
# Separated outcomes: estimates and standard errors from brglm2 (type = "AS_mean"), tests and limits from the penalized
# likelihood written out below.
source("common.R")
suppressPackageStartupMessages({
  library(rms)
  library(survey)
})
set.seed(2019)
control <- glm.control(epsilon = 1e-14, maxit = 100)
QUANTILE <- qchisq(0.95, 1)
Z <- qnorm(0.975)

drawn <- function(lp, intercept, slope) data.frame(event = rbinom(length(lp), 1, plogis(intercept + slope * lp)), lp = lp)
of_counts <- function(events_below, below, events_above, above) {
  data.frame(
    event = rep(c(1, 0, 1, 0), c(events_below, below - events_below, events_above, above - events_above)),
    lp = rep(qlogis(c(20 / 60, 36 / 45)), c(below, above))
  )
}
cases <- list(
  moderate = drawn(round(rnorm(105, -0.6, 1.4), 2), 0.2, 0.8),
  few = drawn(rnorm(40, -2, 1), 0, 1),
  miscalibrated = drawn(rnorm(400, 1.5, 2), -1.2, 0.35), # more than 100 with and without the event: four knots
  wide = drawn(round(runif(80, -60, 60), 1), 0, 0.06),
  constant = data.frame(event = rep(0:1, c(19, 11)), lp = qlogis(0.3)),
  separated = data.frame(event = rep(0:1, c(14, 12)), lp = round(c(runif(14, -3, 0.4), runif(12, 0.6, 4)), 1)),
  touching = data.frame(event = rep(1:0, c(5, 9)), lp = c(-3.2, -2.5, -1.9, -1, -1, -1, -0.3, 0.2, 0.4, 0.9, 1.1, 1.6, 2.2, 3)),
  no_events = data.frame(event = rep(0, 20), lp = round(rnorm(20, -2, 1), 1)),
  few_below = of_counts(0, 4, 11, 47), # SINS >= 7 by data/rules/sins_from_7.yaml
  more_below = of_counts(3, 56, 11, 47)
)
for (case in names(cases)) cases[[case]]$rounded_risk <- round(plogis(cases[[case]]$lp), 2)

# --- Intercept and slope

log_likelihood <- function(eta, y) sum(plogis(ifelse(y == 1, eta, -eta), log.p = TRUE))

# Where an increasing function crosses zero beyond the estimate, on either side of it.
limits <- function(excess, estimate, std_error) {
  crossing <- function(direction) {
    far <- 2 * std_error
    while (excess(estimate + direction * far) < 0) far <- far * 1.5
    uniroot(excess, sort(estimate + direction * c(0, far)), tol = 1e-13 * std_error, maxiter = 1000)$root
  }
  c(crossing(-1), crossing(+1))
}

intercept_for <- function(slope, lp, y) {
  bound <- max(abs(slope * lp)) + 40
  uniroot(function(a) sum(y - plogis(a + slope * lp)), c(-bound, bound), tol = 1e-14, maxiter = 1000)$root
}

tested <- function(lost, df = 1) c(2 * lost, pchisq(2 * lost, df, lower.tail = FALSE))

in_the_large <- function(case, y, lp) {
  estimate <- intercept_for(1, lp, y)
  best <- log_likelihood(estimate + lp, y)
  risk <- plogis(estimate + lp)
  std_error <- 1 / sqrt(sum(risk * (1 - risk)))
  bounds <- limits(function(a) 2 * (best - log_likelihood(a + lp, y)) - QUANTILE, estimate, std_error)
  test <- tested(best - log_likelihood(lp, y))
  record(paste0(case, "/in_the_large"),
    estimate = estimate, std_error = std_error, low = bounds[1], high = bounds[2], statistic = test[1], p_value = test[2]
  )
}

by_glm <- function(case, y, lp) {
  offset_only <- glm(y ~ offset(lp), binomial, control = control)
  record(paste0(case, "/in_the_large"), glm_estimate = coef(offset_only), glm_std_error = sqrt(vcov(offset_only)),
    robust = sqrt(sandwich::vcovHC(offset_only, type = "HC0")))
  printed <- val.prob(plogis(lp), y, logit = lp, pl = FALSE)
  record(paste0(case, "/val_prob"), intercept = printed["Intercept"], slope = printed["Slope"], brier = printed["Brier"])
}

# The slope's row and the model's, from the estimates, the best value and the profile over the intercept.
slope_and_model <- function(case, fit, best, at, profile) {
  slope <- coef(fit)[2]
  std_error <- sqrt(vcov(fit)[2, 2])
  bounds <- limits(function(b) 2 * (best - profile(b)) - QUANTILE, slope, std_error)
  test <- tested(best - profile(1))
  record(paste0(case, "/slope"),
    estimate = slope, std_error = std_error, low = bounds[1], high = bounds[2], statistic = test[1], p_value = test[2]
  )
  both <- tested(best - at(0, 1), df = 2)
  record(paste0(case, "/both"), intercept = coef(fit)[1], statistic = both[1], p_value = both[2])
}

maximum_likelihood <- function(case, y, lp) {
  fit <- glm(y ~ lp, binomial, control = control)
  at <- function(a, b) log_likelihood(a + b * lp, y)
  slope_and_model(case, fit, at(coef(fit)[1], coef(fit)[2]), at, function(b) at(intercept_for(b, lp, y), b))
}

firth <- function(case, y, lp) {
  fit <- glm(y ~ lp, family = binomial, method = brglm2::brglmFit, type = "AS_mean", epsilon = 1e-13, maxit = 10000)
  at <- function(a, b) {
    risk <- plogis(a + b * lp)
    information <- crossprod(cbind(1, lp) * sqrt(risk * (1 - risk)))
    log_likelihood(a + b * lp, y) + determinant(information)$modulus / 2
  }
  profile <- function(b) { # far from the estimate there are two maxima: a grid finds the higher one
    intercepts <- seq(-1, 1, length.out = 401) * (max(abs(b * lp)) + 20)
    middle <- intercepts[which.max(sapply(intercepts, at, b = b))]
    optimize(at, middle + c(-1, 1) * diff(intercepts[1:2]), b = b, maximum = TRUE, tol = 1e-10)$objective
  }
  slope_and_model(case, fit, at(coef(fit)[1], coef(fit)[2]), at, profile)
}

# --- Observed and expected; Brier score: means over patients, whose variances survey has with n - 1

over_patients <- function(case, y, p) {
  n <- length(y)
  design <- svydesign(ids = ~1, weights = ~one, data = data.frame(y = y, p = p, squared = (y - p)^2, one = 1))
  as_population <- sqrt((n - 1) / n)
  if (sum(y) == 0) {
    wilson <- suppressWarnings(prop.test(0, n, correct = FALSE))$conf.int
    record(paste0(case, "/observed_expected"), ratio = 0, low = 0, high = wilson[2] / mean(p))
  } else {
    ratio <- svyratio(~y, ~p, design)
    log_std_error <- as.numeric(SE(ratio)) / as.numeric(coef(ratio)) * as_population
    record(paste0(case, "/observed_expected"),
      ratio = coef(ratio), log_std_error = log_std_error,
      low = coef(ratio) * exp(-Z * log_std_error), high = coef(ratio) * exp(Z * log_std_error)
    )
    means <- svymean(~ squared + y, design)
    scaled <- svycontrast(means, quote(1 - squared / (y * (1 - y))))
    record(paste0(case, "/brier"), scaled = coef(scaled), scaled_std_error = SE(scaled) * as_population)
  }
  mean_squared <- svymean(~squared, design)
  record(paste0(case, "/brier"), score = coef(mean_squared), std_error = SE(mean_squared) * as_population)
}

# --- Calibration curve

# On the grid of 101 linear predictors every tenth is recorded.
curve <- function(case, y, lp) {
  knots <- rcspline.eval(lp, nk = if (min(sum(y), sum(1 - y)) >= 100) 4 else 3, knots.only = TRUE)
  fit <- lrm(y ~ rcs(lp, knots), data = data.frame(y, lp), eps = 1e-9, maxit = 100, tol = 1e-15)
  apart <- abs(plogis(lp) - plogis(predict(fit, data.frame(lp))))
  record(paste0(case, "/curve"),
    knots = knots, ici = mean(apart), e50 = quantile(apart, 0.5), e90 = quantile(apart, 0.9)
  )
  ends <- quantile(lp, c(0.01, 0.99), names = FALSE)
  at <- seq(ends[1], ends[2], length.out = 101)[seq(1, 101, 10)]
  smoothed <- predict(fit, data.frame(lp = at), se.fit = TRUE)
  record(paste0(case, "/curve"),
    risk = plogis(at), observed = plogis(smoothed$linear.predictors),
    low = plogis(smoothed$linear.predictors - Z * smoothed$se.fit),
    high = plogis(smoothed$linear.predictors + Z * smoothed$se.fit)
  )
}

# --- Net benefit by its definition, for each patient

THRESHOLDS <- c(0.02, 0.1, 0.25, 0.3, 0.5, 0.8, 0.99)
decision <- function(case, y, p) {
  for (threshold in THRESHOLDS) {
    if_treated <- y - (1 - y) * threshold / (1 - threshold)
    treated <- p >= threshold
    gains <- list(net_benefit = ifelse(treated, if_treated, 0), above_all = ifelse(treated, 0, -if_treated))
    for (name in names(gains)) {
      gain <- gains[[name]]
      std_error <- sqrt(mean((gain - mean(gain))^2) / length(gain))
      record(paste(case, "decision", threshold, name, sep = "/"),
        estimate = mean(gain), std_error = std_error, low = mean(gain) - Z * std_error, high = mean(gain) + Z * std_error
      )
    }
    record(paste(case, "decision", threshold, sep = "/"), all = mean(if_treated))
  }
}

for (case in names(cases)) {
  y <- cases[[case]]$event
  lp <- cases[[case]]$lp
  over_patients(case, y, plogis(lp))
  decision(case, y, cases[[case]]$rounded_risk)
  write_data(cases[[case]], paste0("calibration_", case))
  if (case == "no_events") next
  in_the_large(case, y, lp)
  if (case %in% c("moderate", "few", "miscalibrated")) by_glm(case, y, lp)
  if (case %in% c("separated", "touching", "few_below")) firth(case, y, lp)
  if (case %in% c("moderate", "few", "miscalibrated", "wide", "more_below")) maximum_likelihood(case, y, lp)
  if (case %in% c("moderate", "few", "miscalibrated", "wide")) curve(case, y, lp)
}

# --- Spline columns

x <- c(-9, -2.5, -1, -0.31, 0, 0.2, 1.7, 2, 2.25, 4, 80)
for (knots in list(c(-1, 0.2, 2), c(-2.5, -0.31, 0.2, 2.25), c(-60, -1, 0, 1, 40))) {
  basis <- rcspline.eval(x, knots = knots, inclx = TRUE, norm = 2)
  case <- paste("spline", length(knots), sep = "/")
  record(case, x = x, knots = knots)
  for (j in seq_len(ncol(basis))) record(paste(case, j, sep = "/"), column = basis[, j])
}

# --- Exact binomial test and interval

patterns <- rbind(
  c(0, 12, 0.1, 0.95), c(12, 12, 0.7, 0.95), c(7, 21, 0.5, 0.95), c(1, 1, 0.02, 0.95), c(33, 105, 0.3143, 0.95),
  c(3, 40, 0.2, 0.9), c(726, 4987, 0.15, 0.99), c(81, 263, 0.25, 0.95)
)
for (i in seq_len(nrow(patterns))) {
  row <- patterns[i, ]
  test <- binom.test(row[1], row[2], row[3], conf.level = row[4])
  record(paste(c("pattern", row), collapse = "/"),
    observed = test$estimate, low = test$conf.int[1], high = test$conf.int[2], p_value = test$p.value
  )
}

# --- Ratio of two proportions: the closed form, and a binomial regression with a logarithmic link

ratios <- rbind(c(28, 40, 15, 65), c(5, 9, 1, 31), c(36, 40, 3, 60), c(12, 12, 5, 31), c(2, 50, 41, 55))
for (i in seq_len(nrow(ratios))) {
  row <- ratios[i, ]
  share <- row[c(1, 3)] / row[c(2, 4)]
  log_std_error <- sqrt(sum((1 - share) / row[c(1, 3)]))
  ratio <- share[1] / share[2]
  record(paste(c("ratio", row), collapse = "/"),
    ratio = ratio, low = ratio * exp(-Z * log_std_error), high = ratio * exp(Z * log_std_error), log_std_error = log_std_error
  )
  if (any(share == 1)) next
  fit <- glm(share ~ c(1, 0), weights = row[c(2, 4)], family = binomial("log"), start = log(c(share[2], ratio)) - 0.01, control = control)
  record(paste(c("ratio", row), collapse = "/"), glm_log_ratio = coef(fit)[2], glm_log_std_error = sqrt(vcov(fit)[2, 2]))
}

# --- Newcombe (2006), method 5: areas with |area - observed| = z se(area), where se is Hanley and McNeil's from
# Q1 = area / (2 - area) and Q2 = 2 area^2 / (1 + area), with (m + n) / 2 - 1 in the place of m - 1 and n - 1.

areas <- rbind(
  c(0.75, 30, 75, 0.95), c(1, 5, 8, 0.95), c(0, 5, 8, 0.95), c(1, 1, 1, 0.95), c(0.5, 1, 40, 0.95),
  c(0.625, 726, 4987, 0.99), c(0.999, 20, 100, 0.9), c(0.03, 12, 7, 0.95)
)
for (i in seq_len(nrow(areas))) {
  area <- areas[i, 1]
  m <- areas[i, 2]
  n <- areas[i, 3]
  z <- qnorm((1 + areas[i, 4]) / 2)
  excess <- function(a) {
    q1 <- a / (2 - a)
    q2 <- 2 * a^2 / (1 + a)
    variance <- (a * (1 - a) + ((m + n) / 2 - 1) * (q1 - a^2 + q2 - a^2)) / (m * n)
    abs(a - area) - z * sqrt(pmax(variance, 0))
  }
  root <- function(ends) uniroot(excess, ends, tol = 1e-15, maxiter = 1000)$root
  inside <- min(max(area, 1e-9), 1 - 1e-9) # 0 and 1 have no standard error
  record(paste(c("newcombe", areas[i, ]), collapse = "/"),
    low = if (area > 0) root(c(0, inside)) else 0, high = if (area < 1) root(c(inside, 1)) else 1
  )
}

# --- Many logistic regressions: 20 resamples of 40 rows as weights, and 20 tables of counts in 6 cells

rows <- data.frame(x1 = rnorm(40), x2 = rbinom(40, 1, 0.4), offset = round(rnorm(40), 2))
rows$event <- rbinom(40, 1, plogis(-0.3 + 0.7 * rows$x1 + rows$offset))
weights <- t(rmultinom(20, 40, rep(1, 40)))
cells <- data.frame(sample = rep(1:20, each = 6), cell = 1:6, x = rnorm(120), offset = round(rnorm(120), 2), total = rpois(120, 12) + 1)
cells$events <- rbinom(120, cells$total, plogis(0.4 * cells$x - 0.5))
shared <- seq(-1.5, 1, 0.5)
penalized <- function(outcome) {
  coef(glm(outcome ~ shared, binomial, method = brglm2::brglmFit, type = "AS_mean", epsilon = 1e-13, maxit = 10000))
}
for (i in 1:20) {
  record(paste0("batch/", i),
    weighted = coef(glm(event ~ x1 + x2, binomial, rows, weights[i, ], control = control)),
    weighted_offset = coef(glm(event ~ x1 + x2, binomial, rows, weights[i, ], offset = offset, control = control))
  )
  counts <- subset(cells, sample == i)
  outcome <- cbind(counts$events, counts$total - counts$events)
  record(paste0("batch/", i),
    counts = coef(glm(outcome ~ shared, binomial, control = control)),
    own = coef(glm(outcome ~ x, binomial, counts, control = control)),
    own_offset = coef(glm(outcome ~ x, binomial, counts, offset = offset, control = control)),
    penalized = penalized(outcome),
    penalized_separated = penalized(cbind(counts$total * (shared > 0), counts$total * (shared <= 0)))
  )
}
write_data(rows, "calibration_batch_rows")
write_data(as.data.frame(weights), "calibration_batch_weights")
write_data(cells, "calibration_batch_cells")

write_values("calibration")
