# What printed, rounded numbers allow, by other ways: whole numbers enumerated, data sets built and given to lm, t.test
# and glm, roots by uniroot, areas by integrate. A printed number is written value, decimals.
source("common.R")
set.seed(2019)

half_unit <- function(decimals) 0.5 * 10^-decimals
root <- function(f, interval) uniroot(f, interval, tol = 1e-15, maxiter = 10000)$root
root_of_log <- function(f) exp(root(function(x) f(exp(x)), c(-20, 20)))

# --- Means of n multiples of a step (10, 1 or 0.1), in whole numbers; a tie rounds either way

attainable <- function(value, decimals, n, step) {
  units <- round(value * 10^decimals) # the printed mean in units of its last decimal
  tenths <- round(step * 10)
  around <- round(value * n / step) + (-1:1) * ceiling(10 * n / step)
  totals <- min(around):max(around)
  totals[abs(2 * totals * tenths * 10^decimals - 20 * units * n) <= 10 * n] * step / n
}

means <- rbind(
  data.frame(value = c(5.18, 5.19, 5.21), decimals = 2, n = 28, step = 1), # Brown and Heathers 2017
  data.frame(value = c(85.4, 62.0, 104.8), decimals = 1, n = 49, step = 10),
  data.frame(value = c(60.5, 128.5), decimals = 1, n = 56, step = 10),
  data.frame(value = c(-2.45, 0, 0.05, 3), decimals = c(2, 0, 2, 1), n = c(8, 3, 10, 1), step = c(1, 10, 0.1, 10)),
  data.frame(
    value = runif(60, -5, 150), decimals = rep(0:3, 15), n = sample(c(1, 2, 7, 28, 49, 56, 105), 60, TRUE),
    step = rep(c(10, 1, 0.1), each = 20)
  )
)
means$value <- round(means$value, means$decimals)
means <- data.frame(case = paste0("mean_", seq_len(nrow(means))), means)
for (i in seq_len(nrow(means))) {
  with(means[i, ], {
    found <- attainable(value, decimals, n, step)
    possible <- sapply(n:1, function(left) length(attainable(value, decimals, left, step)) > 0)
    record(case,
      low = if (length(found)) min(found) else NA, high = if (length(found)) max(found) else NA,
      fewest_missing = which(possible)[1] - 1
    )
  })
}
write_data(means, "rounded_means")

# --- Counts and sizes that give a printed percentage

rounds_to <- function(count, n, value, decimals) {
  abs(200 * count * 10^decimals - 2 * round(value * 10^decimals) * n) <= n
}
shares <- data.frame(
  value = c(51.8, 12, 13, 33.33, 0, 100, 0.9, 50, 47.61, 66.7, 5, 99),
  decimals = c(1, 0, 0, 2, 0, 0, 1, 0, 2, 1, 0, 0),
  n = c(56, 8, 8, 105, 1000, 1000, 105, 105, 105, 49, 1, 1000), count = c(29, 1, 1, 35, 0, 7, 1, 5, 50, 12, 1, 99)
)
shares <- data.frame(case = paste0("share_", seq_len(nrow(shares))), shares)
for (i in seq_len(nrow(shares))) {
  with(shares[i, ], {
    counts <- which(rounds_to(0:n, n, value, decimals)) - 1
    sizes <- which(rounds_to(count, 1:300, value, decimals) & 1:300 >= count)
    record(case,
      counts = length(counts), first_count = c(counts, NA)[1], last_count = rev(c(NA, counts))[1],
      sizes = length(sizes), first_size = c(sizes, NA)[1], last_size = rev(c(NA, sizes))[1], sum_of_sizes = sum(sizes)
    )
  })
}
write_data(shares, "rounded_shares")

# --- Numbers that round to a printed one when they are rounded to one decimal more first; no first rounding is a tie

for (printed in c(0, 54, 55, 100)) {
  number <- (10 * printed - 20):(10 * printed + 20) * 10
  number <- as.vector(outer(number, c(-4, -1, 1, 4), `+`)) # in units of 0.0001
  once <- floor((2 * number + 10) / 20)
  allowed <- number[abs(once - 10 * printed) <= 5]
  record(paste0("twice_", printed), lowest = min(allowed), highest = max(allowed))
}

# --- Two groups: p-values are those of t.test on data that have the means and deviations

group <- function(n, mean, sd) mean + sd * as.vector(scale(seq_len(n)))
p_of <- function(n, means, sds, ...) t.test(group(n[1], means[1], sds[1]), group(n[2], means[2], sds[2]), ...)$p.value
ends <- function(value, decimals) value + c(-1, 1) * half_unit(decimals)

pairs <- data.frame(
  mean_0 = c(62.0, 104.8, 85.4, 5.2, 12, 1.25, 3, 10), mean_1 = c(60.5, 128.5, 60.5, 5.2, 14, 0.75, 9, 20),
  decimals = c(1, 1, 1, 1, 0, 2, 0, 0), n_0 = c(49, 49, 49, 10, 4, 20, 3, 100), n_1 = c(56, 56, 56, 12, 5, 2, 3, 100),
  p = c(0.482, 0.380, 0.001, 0.98, 0.04, 0.5, 0.0001, 0.000001), p_decimals = c(3, 3, 3, 2, 2, 1, 4, 6),
  is_bound = c(0, 0, 1, 0, 0, 0, 1, 0)
)
pairs <- data.frame(case = paste0("pair_", seq_len(nrow(pairs))), pairs)
for (i in seq_len(nrow(pairs))) {
  with(pairs[i, ], {
    corners <- expand.grid(
      a = ends(mean_0, decimals), b = ends(mean_1, decimals), p = if (is_bound) p else ends(p, p_decimals)
    )
    corners <- corners[abs(corners$a - corners$b) > 1e-9 & corners$p > 0, ]
    sds <- apply(corners, 1, function(x) {
      root_of_log(function(sd) log(p_of(c(n_0, n_1), x[1:2], c(sd, sd), var.equal = TRUE)) - log(x[3]))
    })
    overlap <- abs(mean_0 - mean_1) <= 2 * half_unit(decimals) + 1e-9
    record(case, sd_low = if (overlap || is_bound) 0 else min(sds), sd_high = max(sds))
  })
}
write_data(pairs, "rounded_pairs")

summaries <- data.frame(
  mean_0 = c(62.0, 104.8, 85.4, 5.19, 12, 0.3), mean_1 = c(60.5, 128.5, 60.5, 5.21, 14, 0.7),
  decimals = c(1, 1, 1, 2, 0, 1), sd_0 = c(10.3, 130.2, 40.5, 1.10, 2, 0.2),
  sd_1 = c(11.4, 141.7, 20.1, 0.95, 4, 0.4), sd_decimals = c(1, 1, 1, 2, 0, 1),
  n_0 = c(49, 49, 49, 28, 6, 15), n_1 = c(56, 56, 56, 31, 9, 12)
)
summaries <- data.frame(case = paste0("summary_", seq_len(nrow(summaries))), summaries)
for (i in seq_len(nrow(summaries))) {
  with(summaries[i, ], {
    corners <- expand.grid(
      a = ends(mean_0, decimals), b = ends(mean_1, decimals), s = ends(sd_0, sd_decimals), t = ends(sd_1, sd_decimals)
    )
    p <- function(...) apply(corners, 1, function(x) p_of(c(n_0, n_1), x[1:2], x[3:4], ...))
    overlap <- abs(mean_0 - mean_1) <= 2 * half_unit(decimals) + 1e-9
    highest <- function(p) if (overlap) 1 else max(p)
    ols <- p(var.equal = TRUE)
    welch <- p(var.equal = FALSE)
    record(case, ols_low = min(ols), ols_high = highest(ols), welch_low = min(welch), welch_high = highest(welch))
  })
}
write_data(summaries, "rounded_summaries")

# --- Extreme deviations: every data set of 5 and of 4 values 0 to 4 whose totals lie in a range, times a step

every <- lapply(c(5, 4), function(n) as.matrix(expand.grid(rep(list(0:4), n))))
extremes <- data.frame(
  step = c(1, 10, 0.5, 1, 1, 10), low_0 = c(8, 12, 4, 0, 11, 7), high_0 = c(8, 12, 4, 0, 13, 11),
  low_1 = c(4, 8, 12, 16, 5, 9), high_1 = c(4, 8, 12, 16, 6, 9)
)
extremes <- data.frame(case = paste0("extreme_", seq_len(nrow(extremes))), extremes)
for (i in seq_len(nrow(extremes))) {
  with(extremes[i, ], {
    squares <- lapply(1:2, function(g) {
      total <- rowSums(every[[g]])
      chosen <- every[[g]][total >= c(low_0, low_1)[g] & total <= c(high_0, high_1)[g], , drop = FALSE]
      rowSums((chosen - rowMeans(chosen))^2) * step^2
    })
    pooled <- function(best) sqrt(sum(sapply(squares, best)) / 7)
    record(case, smallest = pooled(min), largest = pooled(max))
  })
}
write_data(extremes, "rounded_extremes")

# Groups of the printed sizes with all their values at the bounds, or at the two multiples beside the mean.
residual_sd <- function(a, b) summary(lm(c(a, b) ~ rep(0:1, c(length(a), length(b)))))$sigma
two_values <- function(n, low, high, at_high) rep(c(low, high), c(n - at_high, at_high))
sizes <- c(49, 56)
for (at_high in list(c(20, 30), c(1, 55), c(48, 7))) {
  at_bounds <- Map(two_values, sizes, 0, 300, at_high)
  side_by_side <- Map(two_values, sizes, 60, 70, at_high)
  record(paste0("built_", at_high[1]),
    bounds_mean = sapply(at_bounds, mean), largest = residual_sd(at_bounds[[1]], at_bounds[[2]]),
    multiples_mean = sapply(side_by_side, mean), smallest = residual_sd(side_by_side[[1]], side_by_side[[2]])
  )
}

# --- Wald intervals: confint.default and the p-value of glm's summary; skew at all corners of the rounding

fits <- list(
  wt = glm(am ~ wt, binomial, mtcars), qsec = glm(am ~ qsec, binomial, mtcars),
  age = glm(low ~ age, binomial, MASS::birthwt), smoke = glm(low ~ smoke, binomial, MASS::birthwt)
)
for (name in names(fits)) {
  interval <- confint.default(fits[[name]])[2, ]
  estimate <- coef(fits[[name]])[[2]]
  record(paste0("wald_", name),
    estimate = estimate, low = interval[[1]], high = interval[[2]], p_value = summary(fits[[name]])$coefficients[2, 4]
  )
}
intervals <- data.frame(
  case = paste0("interval_", 1:5), is_ratio = c(1, 1, 1, 0, 0), estimate = c(2.47, 0.06, 31.5, -0.42, 1.3),
  low = c(1.02, 0.01, 3.2, -1.10, 0.2), high = c(6.01, 0.21, 310.8, 0.25, 2.9), decimals = c(2, 2, 1, 2, 1)
)
for (i in seq_len(nrow(intervals))) {
  with(intervals[i, ], {
    scale <- if (is_ratio) log else identity
    corners <- scale(expand.grid(e = ends(estimate, decimals), l = ends(low, decimals), h = ends(high, decimals)))
    skew <- (corners$h - corners$e) / (corners$e - corners$l)
    record(case, skew_low = min(skew), skew_high = max(skew))
  })
}
write_data(intervals, "rounded_intervals")

# --- Normal scores

normal <- data.frame(
  case = paste0("normal_", 1:5), mean_0 = c(62, 0, 104.8, 5, 3), mean_1 = c(85.4, 1, 128.5, 5, 1),
  sd_0 = c(30, 1, 100, 2, 1), sd_1 = c(45, 1, 160, 0.5, 2), cutoff = c(73.7, 0.25, 300, 5.5, 6)
)
area <- function(f, from, to) integrate(f, from, to, rel.tol = 1e-12, abs.tol = 0, subdivisions = 1000)$value
for (i in seq_len(nrow(normal))) {
  with(normal[i, ], {
    wins <- function(x) pnorm(x, mean_0, sd_0) * dnorm(x, mean_1, sd_1)
    above <- area(function(x) dnorm(x, mean_1, sd_1), cutoff, mean_1 + 40 * sd_1)
    record(case,
      auc = area(wins, mean_1 - 12 * sd_1, mean_1) + area(wins, mean_1, mean_1 + 12 * sd_1), share_above = above,
      sd_1 = root_of_log(function(sd) pnorm(cutoff, mean_1, sd, lower.tail = FALSE) - above)
    )
  })
}
write_data(normal, "rounded_normal")

# --- How many of n belong to a part, from means of one decimal: every number tried, in whole numbers

parts <- data.frame(
  case = paste0("part_", 1:5), overall = c(69.3, 14.2, 5.0, 62.0, 3.1), part = c(85.4, 12.1, 5.0, 128.5, 2.0),
  rest = c(60.5, 15.3, 7.3, 60.5, 4.0), n = c(105, 40, 30, 105, 10)
)
for (i in seq_len(nrow(parts))) {
  with(parts[i, ], {
    k <- 0:n
    twentieths <- function(mean) round(20 * mean) + c(-1, 1)
    low <- k * twentieths(part)[1] + (n - k) * twentieths(rest)[1]
    high <- k * twentieths(part)[2] + (n - k) * twentieths(rest)[2]
    possible <- k[low <= n * twentieths(overall)[2] & high >= n * twentieths(overall)[1]]
    record(case, fewest = c(possible, NA)[1], most = rev(c(NA, possible))[1])
  })
}
write_data(parts, "rounded_parts")

# --- Conventions for the p-value of a table; chisq.test corrects tables of two rows only

tables <- read.csv("data/tables.csv")
for (case in unique(tables$case)) {
  table <- as.matrix(tables[tables$case == case, c("without", "with")])
  table <- table[rowSums(table) > 0, ]
  pearson <- suppressWarnings(chisq.test(table, correct = FALSE))
  yates <- suppressWarnings(chisq.test(table, correct = TRUE))$p.value
  fisher <- fisher.test(table)$p.value
  is_small <- min(pearson$expected) < 5
  record(paste0("table_", case),
    smallest_expected = min(pearson$expected),
    likelihood_ratio = pchisq(MASS::loglm(~ 1 + 2, table)$lrt, nrow(table) - 1, lower.tail = FALSE),
    pearson = pearson$p.value, yates = yates, fisher = fisher,
    pearson_fisher = if (is_small) fisher else pearson$p.value, yates_fisher = if (is_small) fisher else yates
  )
}
write_values("rounded")
