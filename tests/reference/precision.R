# Widths of intervals in an external validation, and sizes for a width. Standard errors by other routes than
# their closed forms where there is one: Hanley and McNeil's formula with both class sizes n / 2 for the AUC,
# glm on every outcome weighted with its probability for the slope, prop.test for Wilson, the delta method on
# the four cells for the net benefit. Sizes by uniroot or search.
source("common.R")

wald_width <- function(error, confidence) 2 * qnorm((1 + confidence) / 2) * error
smallest <- function(width, target) which(width(1:200000) <= target)[1]

ratio_width <- function(n, prevalence, confidence) {
  events <- n * prevalence
  log_error <- sqrt(n * prevalence * (1 - prevalence)) / events
  margin <- qnorm((1 + confidence) / 2) * log_error
  exp(margin) - exp(-margin)
}
designs <- rbind(
  c(105, 0.533, 0.2, 0.95), c(40, 0.1, 0.7, 0.95), c(500, 0.018, 1, 0.9), c(423, 0.43, 0.22, 0.95),
  c(60, 0.9, 0.1, 0.99)
)
for (i in seq_len(nrow(designs))) {
  n <- designs[i, 1]; prevalence <- designs[i, 2]; target <- designs[i, 3]; confidence <- designs[i, 4]
  excess <- function(n) ratio_width(n, prevalence, confidence) - target
  record(paste0("observed_expected/", i),
    n = n, prevalence = prevalence, target = target, confidence = confidence,
    width = ratio_width(n, prevalence, confidence),
    size = ceiling(uniroot(excess, c(1, 1e6), tol = 1e-9)$root)
  )
}

auc_error <- function(n, auc, prevalence) {
  same_event <- auc / (2 - auc)
  same_other <- 2 * auc^2 / (1 + auc)
  half <- n / 2
  pairs <- auc * (1 - auc) + (half - 1) * (same_event - auc^2) + (half - 1) * (same_other - auc^2)
  sqrt(pairs / (n * prevalence * n * (1 - prevalence)))
}
designs <- rbind(
  c(105, 0.86, 0.533, 0.1, 0.95), c(60, 0.55, 0.3, 0.2, 0.95), c(347, 0.77, 0.43, 0.1, 0.95),
  c(2000, 0.8, 0.018, 0.1, 0.9), c(30, 0.98, 0.5, 0.05, 0.99), c(2, 0.7, 0.5, 0.9, 0.95)
)
for (i in seq_len(nrow(designs))) {
  n <- designs[i, 1]; auc <- designs[i, 2]; prevalence <- designs[i, 3]; target <- designs[i, 4]
  confidence <- designs[i, 5]
  width <- function(n) wald_width(auc_error(n, auc, prevalence), confidence)
  record(paste0("auc/", i),
    n = n, auc = auc, prevalence = prevalence, target = target, confidence = confidence,
    width = width(n), size = smallest(width, target)
  )
}

# Error of the slope in as many patients as there are linear predictors. glm starts at the solution, because
# the weights in its covariance are those of the step before the last.
slope_error <- function(lp) {
  outcome <- rep(1:0, each = length(lp))
  both <- data.frame(lp = c(lp, lp), outcome, weight = c(plogis(lp), plogis(-lp)))
  fit <- suppressWarnings(glm(outcome ~ lp, binomial, both, weights = weight, start = 0:1))
  stopifnot(max(abs(coef(fit) - 0:1)) < 1e-8)
  sqrt(vcov(fit)[2, 2])
}
middle <- function(k) (seq_len(k) - 0.5) / k
predictors <- list(
  list(0.15 + 1.6 * qnorm(middle(50)), n = 105, target = 0.2, confidence = 0.95),
  list(qlogis(qbeta(middle(40), 1.33, 1.75)), n = 949, target = 0.3, confidence = 0.95),
  list(-5 + 2.5 * qnorm(middle(30)), n = 500, target = 0.4, confidence = 0.9),
  list(rep(c(-2.1, -0.4, 0.9, 3.2), c(3, 8, 2, 5)), n = 20, target = 0.5, confidence = 0.99),
  list(c(3, 3.001), n = 10000, target = 500, confidence = 0.95)
)
for (i in seq_along(predictors)) {
  design <- predictors[[i]]
  lp <- design[[1]]
  error <- slope_error(lp)
  width <- function(n) wald_width(error * sqrt(length(lp) / n), design$confidence)
  record(paste0("calibration_slope/", i),
    lp = lp, n = design$n, target = design$target, confidence = design$confidence,
    width = width(design$n), size = smallest(width, design$target)
  )
}

designs <- rbind(
  c(105, 0.84, 0.533, 0.1, 0.95), c(60, 0.6, 0.1, 0.2, 0.95), c(500, 0.97, 0.018, 0.1, 0.9),
  c(33, 0.5, 0.7, 0.3, 0.99)
)
for (i in seq_len(nrow(designs))) {
  n <- designs[i, 1]; share <- designs[i, 2]; prevalence <- designs[i, 3]; target <- designs[i, 4]
  confidence <- designs[i, 5]
  sizes <- list(sensitivity = round(n * prevalence), specificity = n - round(n * prevalence))
  shares <- list(sensitivity = prevalence, specificity = 1 - prevalence)
  for (measure in names(sizes)) {
    trials <- sizes[[measure]]
    wilson <- suppressWarnings(prop.test(trials * share, trials, conf.level = confidence, correct = FALSE))
    width <- function(n) wald_width(sqrt(share * (1 - share) / (n * shares[[measure]])), confidence)
    record(paste0(measure, "/", i),
      n = n, share = share, prevalence = prevalence, target = target, confidence = confidence,
      width = diff(wilson$conf.int), size = smallest(width, target)
    )
  }
}

# From the proportions of true and false positives and negatives.
net_benefit <- deriv(
  ~ tp / (tp + fn) - fp / (tp + fn) * threshold / (1 - threshold), c("tp", "fn", "fp", "tn")
)
net_benefit_error <- function(sensitivity, specificity, prevalence, threshold) {
  cells <- c(
    tp = prevalence * sensitivity, fn = prevalence * (1 - sensitivity),
    fp = (1 - prevalence) * (1 - specificity), tn = (1 - prevalence) * specificity
  )
  slope <- attr(eval(net_benefit, c(as.list(cells), threshold = threshold)), "gradient")
  sqrt(drop(slope %*% (diag(cells) - cells %o% cells) %*% t(slope)))
}
designs <- rbind(
  c(105, 0.86, 0.78, 0.533, 0.5, 0.2, 0.95), c(400, 0.6, 0.88, 0.72, 0.8, 0.2, 0.95),
  c(900, 0.2, 0.99, 0.018, 0.08, 0.4, 0.9), c(60, 1, 0, 0.3, 0.1, 0.3, 0.99),
  c(60, 0.9, 1, 0.4, 0.3, 0.1, 0.95)
)
for (i in seq_len(nrow(designs))) {
  n <- designs[i, 1]; sensitivity <- designs[i, 2]; specificity <- designs[i, 3]; prevalence <- designs[i, 4]
  threshold <- designs[i, 5]; target <- designs[i, 6]; confidence <- designs[i, 7]
  error <- net_benefit_error(sensitivity, specificity, prevalence, threshold)
  width <- function(n) wald_width(error / sqrt(n), confidence)
  record(paste0("net_benefit/", i),
    n = n, sensitivity = sensitivity, specificity = specificity, prevalence = prevalence,
    threshold = threshold, target = target, confidence = confidence,
    width = width(n), size = smallest(width, target)
  )
}
write_values("precision")
