# Logistic regression: glm, drop1 and profile limits; Firth's penalty where the outcome is separated.
#
# Limits `low`, `high`: uniroot on the profile deviance, refitted at every step (good to 1e-9).
# Limits `mass_low`, `mass_high`: MASS's confint, which interpolates the profile with a spline (good to about 1e-3).
# Firth: estimates and standard errors from brglm2 (type = "AS_mean"); likelihood-ratio tests and limits from the
# penalized likelihood itself, written out below and maximized with optim. The penalty is always that of the full
# design, as in logistf (Heinze and Schemper 2002).
source("common.R")
set.seed(2019)
control <- glm.control(epsilon = 1e-14, maxit = 100)
QUANTILE <- qchisq(0.95, 1)

# Profile limits of one coefficient: where `excess` (0 or less at the estimate) crosses zero.
limits <- function(excess, estimate, std_error) {
  crossing <- function(direction) {
    far <- 2 * std_error
    while (excess(estimate + direction * far) < 0) far <- far * 1.5
    uniroot(excess, sort(estimate + direction * c(0, far)), tol = 1e-13 * std_error, maxiter = 1000)$root
  }
  c(crossing(-1), crossing(+1))
}

maximum_likelihood <- function(case, X, y, terms) {
  fit <- glm(y ~ X - 1, family = binomial, control = control)
  deviance_without <- function(columns, offset) {
    if (length(columns) == ncol(X)) return(glm(y ~ 0 + offset(offset), family = binomial, control = control)$deviance)
    glm(y ~ X[, -columns, drop = FALSE] - 1, offset = offset, family = binomial, control = control)$deviance
  }
  test <- function(columns) deviance_without(columns, rep(0, length(y))) - fit$deviance
  errors <- sqrt(diag(vcov(fit)))
  mass <- suppressMessages(confint(fit))
  for (j in seq_len(ncol(X))) {
    bounds <- limits(
      function(value) deviance_without(j, X[, j] * value) - fit$deviance - QUANTILE, coef(fit)[j], errors[j]
    )
    record(paste0(case, "/", colnames(X)[j]),
      estimate = coef(fit)[j], std_error = errors[j], low = bounds[1], high = bounds[2],
      mass_low = mass[j, 1], mass_high = mass[j, 2],
      statistic = test(j), p_value = pchisq(test(j), 1, lower.tail = FALSE)
    )
  }
  for (term in names(terms)) {
    record(paste0(case, "/", term), statistic = test(terms[[term]]), df = length(terms[[term]]))
  }
  whole <- test(seq_len(ncol(X))[-1])
  record(case,
    log_likelihood = as.numeric(logLik(fit)), likelihood_ratio = whole,
    p_value = pchisq(whole, ncol(X) - 1, lower.tail = FALSE)
  )
}

penalized_log_likelihood <- function(beta, X, y) {
  eta <- drop(X %*% beta)
  risk <- plogis(eta)
  information <- crossprod(X * sqrt(risk * (1 - risk)))
  sum(plogis(ifelse(y == 1, eta, -eta), log.p = TRUE)) + determinant(information)$modulus / 2
}

penalized_score <- function(beta, X, y) {
  risk <- plogis(drop(X %*% beta))
  root <- X * sqrt(risk * (1 - risk))
  leverage <- rowSums((root %*% solve(crossprod(root))) * root)
  drop(crossprod(X, y - risk + leverage * (0.5 - risk)))
}

# Maximum of the penalized log-likelihood with the coefficients of some columns fixed; BFGS on columns scaled to
# their standard errors, restarted until nothing is gained.
firth_maximum <- function(start, columns, values, X, y, scale) {
  free <- setdiff(seq_len(ncol(X)), columns)
  place <- function(b) replace(replace(start, columns, values), free, b * scale[free])
  if (length(free) == 0) return(penalized_log_likelihood(place(numeric(0)), X, y))
  b <- start[free] / scale[free]
  best <- -Inf
  repeat {
    fit <- optim(b, function(b) -penalized_log_likelihood(place(b), X, y),
      function(b) -penalized_score(place(b), X, y)[free] * scale[free],
      method = "BFGS", control = list(reltol = 1e-16, maxit = 1000)
    )
    if (-fit$value <= best + 1e-13) return(max(best, -fit$value))
    b <- fit$par
    best <- -fit$value
  }
}

firth <- function(case, X, y, terms) {
  fit <- glm(y ~ X - 1, family = binomial, method = brglm2::brglmFit, type = "AS_mean", epsilon = 1e-13, maxit = 10000)
  beta <- coef(fit)
  errors <- sqrt(diag(vcov(fit)))
  best <- penalized_log_likelihood(beta, X, y)
  test <- function(columns) 2 * (best - firth_maximum(beta, columns, 0, X, y, errors))
  for (j in seq_len(ncol(X))) {
    bounds <- limits(
      function(value) 2 * (best - firth_maximum(beta, j, value, X, y, errors)) - QUANTILE, beta[j], errors[j]
    )
    record(paste0(case, "/", colnames(X)[j]),
      estimate = beta[j], std_error = errors[j], low = bounds[1], high = bounds[2],
      statistic = test(j), p_value = pchisq(test(j), 1, lower.tail = FALSE)
    )
  }
  for (term in names(terms)) {
    record(paste0(case, "/", term), statistic = test(terms[[term]]), df = length(terms[[term]]))
  }
  whole <- test(seq_len(ncol(X))[-1])
  record(case,
    log_likelihood = best, likelihood_ratio = whole, p_value = pchisq(whole, ncol(X) - 1, lower.tail = FALSE)
  )
}

n <- 105
cohort <- data.frame(
  vbq = round(rnorm(n, 2.9, 0.7), 2), sins = rpois(n, 6),
  smoking = sample(c("never", "former", "current"), n, TRUE, c(0.5, 0.4, 0.1)), steroids = rbinom(n, 1, 0.4)
)
cohort$event <- rbinom(n, 1, with(cohort, plogis(-8 + 1.9 * vbq + 0.35 * sins + 0.5 * steroids - 0.4 * (smoking == "former"))))

# A completely separated outcome: x above 3.5.
separated <- data.frame(event = rep(0:1, c(14, 12)), x = round(c(runif(14, 0, 3.4), runif(12, 3.6, 7)), 1))
# Quasi-complete separation by a level in which everybody has the event.
level <- data.frame(event = c(0, 1, 0, 1, 1, 0, 0, 1, 1, 1, 1, 0, 1, 0, 1), level = rep(c("low", "mid", "high"), c(6, 4, 5)), x = c(1.2, 2.4, 0.3, 4.1, 2.2, 1.9, 3.3, 0.8, 2.9, 3.5, 2.6, 1.4, 3.8, 2.7, 0.6))
level$event[level$level == "high"] <- 1
data("endometrial", package = "brglm2")
birthwt <- MASS::birthwt

designs <- list(
  cohort = data.frame(
    event = cohort$event, vbq = cohort$vbq, sins = cohort$sins, smoking_former = as.numeric(cohort$smoking == "former"),
    smoking_current = as.numeric(cohort$smoking == "current"), steroids = cohort$steroids
  ),
  birthwt = data.frame(
    event = birthwt$low, age = birthwt$age, lwt = birthwt$lwt, race_black = as.numeric(birthwt$race == 2),
    race_other = as.numeric(birthwt$race == 3), smoke = birthwt$smoke, ptl = birthwt$ptl, ht = birthwt$ht, ui = birthwt$ui
  ),
  one_covariate = data.frame(event = mtcars$am, wt = mtcars$wt),
  endometrial = data.frame(event = endometrial$HG, nv = endometrial$NV, pi = endometrial$PI, eh = endometrial$EH),
  separated = separated,
  level = data.frame(event = level$event, level_mid = as.numeric(level$level == "mid"), level_high = as.numeric(level$level == "high"), x = level$x)
)
terms <- list(
  cohort = list(smoking = 4:5), birthwt = list(race = 4:5), one_covariate = list(),
  endometrial = list(), separated = list(), level = list(level = 2:3)
)
for (case in names(designs)) {
  frame <- designs[[case]]
  X <- cbind("(intercept)" = 1, as.matrix(frame[, -1, drop = FALSE]))
  estimate <- if (case %in% c("endometrial", "separated", "level")) firth else maximum_likelihood
  estimate(case, X, frame$event, terms[[case]])
  write_data(frame, paste0("logistic_", case))
}

# drop1 on a model formula: the likelihood-ratio test of a term of several levels, as an analyst would ask for it.
fit <- glm(low ~ age + lwt + factor(race) + smoke + ptl + ht + ui, binomial, birthwt, control = control)
tests <- drop1(fit, test = "LRT")
record("birthwt/drop1", race = tests["factor(race)", "LRT"], race_p = tests["factor(race)", "Pr(>Chi)"], lwt = tests["lwt", "LRT"])
write_values("logistic")
