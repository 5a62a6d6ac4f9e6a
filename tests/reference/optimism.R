# Optimism of a fixed logistic model: rms::validate, the same resamples fitted one by one, intervals written out.
#
# lrm stops when the deviance changes by less than 0.025, and validate has no way to ask for more: its fitting function
# is replaced by one with the same code that stops at 1e-10.
source("common.R")
suppressMessages(library(rms))
set.seed(2019)

tight <- rms::lrm.fit
formals(tight)$eps <- 1e-10
formals(tight)$maxit <- 50
assignInNamespace("lrm.fit", tight, "rms")

n <- 150
cohort <- data.frame(a = round(rnorm(n), 2), b = rpois(n, 3), c = rbinom(n, 1, 0.4), d = round(rexp(n), 1))
cohort$event <- rbinom(n, 1, with(cohort, plogis(-1.8 + 0.9 * a + 0.3 * b + 0.5 * c)))
write_data(cohort, "optimism")

indexes <- function(fit, lp, y, own) {
  again <- if (own) fit else lrm.fit(lp, y, tol = 1e-13)
  c(
    dxy = somers2(lp, y)[["Dxy"]], r2 = again$stats[["R2"]], intercept = if (own) 0 else coef(again)[[1]],
    slope = if (own) 1 else coef(again)[[2]], brier = mean((y - plogis(lp))^2)
  )
}

X <- as.matrix(cohort[, c("a", "b", "c", "d")])
y <- cohort$event
fitted <- function(rows) lrm.fit(X[rows, ], y[rows], tol = 1e-13)
predicted <- function(fit) drop(cbind(1, X) %*% coef(fit))

# Which rows 20 resamples draw, and every index of the refitted model in them and in all rows.
drawn <- replicate(20, sample(n, replace = TRUE))
write_data(setNames(as.data.frame(t(drawn)), paste0("draw_", seq_len(n))), "optimism_resamples")
for (i in seq_len(ncol(drawn))) {
  rows <- drawn[, i]
  fit <- fitted(rows)
  lp <- predicted(fit)
  found <- rbind(training = indexes(fit, lp[rows], y[rows], TRUE), test = indexes(fit, lp, y, FALSE))
  for (sample in rownames(found)) do.call(record, c(paste0("resample ", i, "/", sample), as.list(found[sample, ])))
}

model <- lrm(event ~ a + b + c + d, cohort, x = TRUE, y = TRUE, tol = 1e-13)
RESAMPLES <- 10000
validated <- validate(model, method = "boot", B = RESAMPLES)
names <- c(Dxy = "dxy", R2 = "r2", Intercept = "intercept", Slope = "slope", Emax = "emax", B = "brier")
columns <- c("index.orig", "training", "test", "optimism", "index.corrected", "n")
for (index in names(names)) {
  values <- setNames(as.list(validated[index, columns]), c("apparent", "training", "test", "optimism", "corrected", "n"))
  do.call(record, c(paste0("validate/", names[index]), values))
}

# Standard deviations of the halves of values, as Hmisc::dualSD has them since 5.2; and rms 8.1's limits.
dual_sd <- function(x) {
  x <- x[!is.na(x)]
  m <- mean(x)
  half <- function(part) sqrt(sum((part - m)^2) / (length(part) - 1))
  if (length(x) < 10) c(sd(x), sd(x)) else c(half(x[x <= m]), half(x[x >= m]))
}
spread <- list(
  skewed = rexp(200), missing = c(rnorm(40), NA, NA), tied = c(1, 2, 2, 3, 2, 1, 3, 2, 2, 2, 4, 0), nine = rnorm(9),
  ten = rnorm(10)
)
longest <- max(lengths(spread))
write_data(as.data.frame(lapply(spread, function(x) c(x, rep(NA, longest - length(x))))), "optimism_spread")
for (case in names(spread)) record(paste0("dual_sd/", case), sd = dual_sd(spread[[case]]))

training <- cbind(dxy = rbeta(300, 8, 3), slope = rep(1, 300))
test <- cbind(dxy = training[, "dxy"] - rexp(300, 20), slope = rnorm(300, 0.9, 0.1))
training[7, "dxy"] <- test[9, "slope"] <- NA
write_data(setNames(data.frame(training, test), c("training_dxy", "training_slope", "test_dxy", "test_slope")), "optimism_halves")
corrected <- c(dxy = 0.62, slope = 0.88)
for (confidence in c(0.95, 0.9)) {
  for (index in names(corrected)) {
    s <- dual_sd(training[, index] - 1.25 * test[, index])
    z <- qnorm((1 + confidence) / 2)
    record(paste0("interval/", index, "/", confidence), low = corrected[index] - z * s[2], high = corrected[index] + z * s[1])
  }
}

# Emax as in rms:::validate.lrm, from intercept and slope.
for (pair in list(c(0, 1), c(0.1, 0.9), c(-0.3, 0.7), c(0, 1.2), c(1.5, 0.2))) {
  p <- seq(0, 1, 5e-04)
  error <- max(abs(p - plogis(pair[1] + pair[2] * qlogis(p))))
  record(paste0("emax/", pair[1], "/", pair[2]), emax = error)
}
write_values("optimism")
