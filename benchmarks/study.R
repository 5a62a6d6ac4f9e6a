# One R script that does the analyses of `make` on the reconstructed cohort: what the study costs without a workflow.
#
#   Rscript --vanilla benchmarks/study.R [folder for its tables and figures]
#   apt-get install r-base-core r-cran-mass r-cran-proc r-cran-psych r-cran-rms
#
# Writes nothing without a folder. Its last line is its own time; R's start is not in it (`time Rscript ...`).
started <- proc.time()
suppressPackageStartupMessages({
  library(pROC)
  library(rms)
})
set.seed(20190901)
RESAMPLES <- 2000
folder <- commandArgs(trailingOnly = TRUE)
folder <- if (length(folder)) folder[1] else tempfile("study")
dir.create(folder, recursive = TRUE, showWarnings = FALSE)
save_table <- function(table, name) write.csv(table, file.path(folder, paste0(name, ".csv")), row.names = FALSE)

# --- Cohort: VBQ from the readings, SINS from its components

patients <- read.csv("data/ehresman2019/patients.csv")
readings <- read.csv("data/ehresman2019/roi_readings.csv")
eligible <- with(patients, age >= 18 & spinal_metastasis == 1 & t1_lumbar_mri == 1 & lumbar_instrumentation == 0 &
  n_previous_vcf <= 1 & infection == 0 & follow_up_months >= 6)
patients <- patients[eligible, ]
readings$vbq <- apply(readings[, c("l1", "l2", "l3", "l4")], 1, median, na.rm = TRUE) / readings$csf
by_reader <- reshape(readings[, c("patient_id", "reader", "vbq")], idvar = "patient_id", timevar = "reader", direction = "wide")
by_reader <- by_reader[match(patients$patient_id, by_reader$patient_id), ]
patients$vbq <- rowMeans(by_reader[, c("vbq.a", "vbq.b")])
patients$vbq_high <- as.integer(patients$vbq > 3)
patients$sins <- rowSums(patients[, grep("^sins_", names(patients))])
patients$sins_category <- cut(patients$sins, c(-1, 6, 12, 18), c("stable", "potentially_unstable", "unstable"))
patients$fracture_count <- as.integer(patients$n_new_vcf >= 2)
patients$smoking <- factor(patients$smoking, c("never", "former", "current"))
patients$field_strength <- factor(patients$field_strength)
y <- patients$new_vcf

# --- Univariable (Table 1)

categorical <- c(
  "sex", "smoking", "alcohol_abuse", "steroids", "nsaids", "ecog", "asia", "previous_vcf", "previous_augmentation", "denosumab",
  "bisphosphonates", "serm", "calcium_supplement", "vitamin_d_supplement", "sins_category", "vbq_high"
)
continuous <- c(
  "age", "bmi", "cci", "kps", "albumin", "alkaline_phosphatase", "calcium", "platelets", "radiation_dose",
  "systemic_treatment_months", "follow_up_months", "sins", "vbq"
)
mid_p <- function(table) {
  rows <- rowSums(table)
  possible <- max(0, sum(table[, 1]) - rows[2]):min(rows[1], sum(table[, 1]))
  p <- dhyper(possible, rows[1], rows[2], sum(table[, 1]))
  observed <- dhyper(table[1, 1], rows[1], rows[2], sum(table[, 1]))
  sum(p[p < observed * (1 - 1e-7)]) + sum(p[abs(p / observed - 1) <= 1e-7]) / 2
}
test_table <- function(name) {
  table <- table(factor(patients[[name]]), y)
  independent <- MASS::loglm(~ 1 + 2, table)
  two <- nrow(table) == 2
  data.frame(
    variable = name, p_likelihood_ratio = pchisq(independent$lrt, independent$df, lower.tail = FALSE),
    p_pearson = suppressWarnings(chisq.test(table, correct = FALSE)$p.value),
    p_yates = if (two) suppressWarnings(chisq.test(table)$p.value) else NA,
    p_fisher = fisher.test(table)$p.value, p_mid = if (two) mid_p(table) else NA
  )
}
test_groups <- function(name, by, score) {
  group <- factor(patients[[by]])
  known <- !is.na(patients[[score]]) & !is.na(group)
  rank_test <- if (nlevels(group) == 2) function(...) wilcox.test(..., exact = FALSE) else kruskal.test
  data.frame(
    variable = name, p_ols = anova(lm(patients[[score]] ~ group))[["Pr(>F)"]][1],
    p_welch = tryCatch(oneway.test(patients[[score]] ~ group, subset = known)$p.value, error = function(e) NA),
    p_rank = rank_test(patients[[score]] ~ group)$p.value
  )
}
describe <- function(values, by) {
  do.call(rbind, lapply(split(values, by), function(x) {
    c(n = sum(!is.na(x)), mean = mean(x, na.rm = TRUE), sd = sd(x, na.rm = TRUE), quantile(x, c(0.25, 0.5, 0.75), na.rm = TRUE))
  }))
}
univariable <- list(
  categorical = do.call(rbind, lapply(categorical, test_table)),
  continuous = do.call(rbind, lapply(continuous, function(name) test_groups(name, "new_vcf", name)))
)
save_table(univariable$categorical, "univariable_categorical")
save_table(univariable$continuous, "univariable_continuous")
save_table(do.call(rbind, lapply(continuous, function(name) data.frame(variable = name, describe(patients[[name]], y)))), "groups_continuous")
save_table(do.call(rbind, lapply(categorical, function(name) data.frame(variable = name, table(patients[[name]], y)))), "groups_categorical")

# Effects of one variable alone. Numbers enter as they are; factors, and grades, as indicators.
effects <- function(name, fit, limits) {
  values <- patients[[name]]
  if (!is.numeric(values) || name == "ecog") values <- droplevels(factor(values))
  estimates <- coef(fit(values))[-1]
  terms <- if (is.factor(values)) paste0(name, "[", levels(values)[-1], "]") else name
  data.frame(term = terms, estimate = estimates, limits(fit(values))[-1, , drop = FALSE])
}
logistic <- function(values) suppressWarnings(glm(y ~ values, binomial))
profile_limits <- function(fit) {
  unknown <- matrix(NA, length(coef(fit)), 2, dimnames = list(NULL, c("2.5 %", "97.5 %")))
  tryCatch(suppressWarnings(suppressMessages(confint(fit))), error = function(e) unknown)
}
odds_ratios <- lapply(c(categorical, continuous), effects, logistic, profile_limits)
save_table(do.call(rbind, odds_ratios), "univariable_effects")

# --- Supplemental Tables 1 and 2, multiple fractures

factors <- setdiff(c(categorical, continuous), c("sins_category", "vbq_high", "vbq", "follow_up_months"))
vbq_by <- lapply(c("vendor", "field_strength", intersect(factors, categorical), "fracture_count"), function(name) test_groups(name, name, "vbq"))
vbq_on <- lapply(intersect(factors, continuous), function(name) {
  fit <- summary(lm(patients$vbq ~ patients[[name]]))
  rank <- cor.test(patients$vbq, patients[[name]], method = "spearman", exact = FALSE)
  data.frame(variable = name, slope = fit$coefficients[2, 1], p_ols = fit$coefficients[2, 4], p_spearman = rank$p.value)
})
linear <- function(values) lm(patients$vbq ~ values)
vbq_effects <- lapply(c("vendor", "field_strength", factors, "fracture_count"), effects, linear, confint)
save_table(do.call(rbind, vbq_by), "vbq_by")
save_table(do.call(rbind, vbq_effects), "vbq_effects")
save_table(do.call(rbind, vbq_on), "vbq_on")

# --- Multivariable (Table 2): profile intervals, likelihood-ratio tests of whole terms

fit <- glm(new_vcf ~ vbq + sins + smoking + steroids, binomial, patients)
intervals <- suppressMessages(confint(fit))
tests <- drop1(fit, test = "LRT")
save_table(data.frame(term = names(coef(fit)), estimate = coef(fit), intervals, odds_ratio = exp(coef(fit)), exp(intervals)), "multivariable")
save_table(data.frame(term = rownames(tests), tests), "multivariable_tests")
wald <- anova(lrm(new_vcf ~ vbq + sins + smoking + steroids, patients))
save_table(data.frame(term = rownames(wald), unclass(wald)), "multivariable_wald")

# --- Discrimination (Table 3)

combined <- glm(new_vcf ~ vbq_high + droplevels(sins_category), binomial, patients)
risk <- list(
  sins = patients$sins, sins_category = as.integer(patients$sins_category), vbq = patients$vbq, vbq_high = patients$vbq_high,
  combined = signif(predict(combined), 12)
)
curves <- lapply(risk, function(score) roc(y, score, direction = "<", levels = c(0, 1), quiet = TRUE))
proportion <- function(successes, trials) {
  c(successes / trials, suppressWarnings(prop.test(successes, trials, correct = FALSE)$conf.int))
}
positive <- list(sins = patients$sins > 6, sins_category = risk$sins_category > 1, vbq = patients$vbq > 3, vbq_high = patients$vbq_high == 1)
discrimination <- lapply(names(risk), function(name) {
  area <- as.numeric(ci.auc(curves[[name]], method = "delong"))
  half <- qnorm(0.975) * sqrt(var(curves[[name]])) / (area[2] * (1 - area[2]))
  logit <- plogis(qlogis(area[2]) + c(-half, half))
  model <- if (name == "combined") combined else glm(y ~ risk[[name]], family = binomial)
  p <- pchisq(model$null.deviance - model$deviance, length(coef(model)) - 1, lower.tail = FALSE)
  row <- c(auc = area[2], low = area[1], high = area[3], logit_low = logit[1], logit_high = logit[2], p = p)
  called <- positive[[name]]
  at <- if (is.null(called)) {
    rep(NA, 15)
  } else {
    c(
      proportion(sum(called & y == 1), sum(y == 1)), proportion(sum(!called & y == 0), sum(y == 0)),
      proportion(sum(called & y == 1), sum(called)), proportion(sum(!called & y == 0), sum(!called)),
      proportion(sum(called == (y == 1)), length(y))
    )
  }
  c(row, at)
})
save_table(data.frame(score = names(risk), do.call(rbind, discrimination)), "discrimination")
pairs <- list(c("combined", "sins_category"), c("combined", "vbq_high"), c("vbq_high", "sins_category"), c("vbq", "sins"))
comparisons <- lapply(pairs, function(pair) {
  test <- roc.test(curves[[pair[1]]], curves[[pair[2]]], method = "delong", paired = TRUE)
  data.frame(score_1 = pair[1], score_2 = pair[2], z = test$statistic, low = test$conf.int[1], high = test$conf.int[2], p = test$p.value)
})
save_table(do.call(rbind, comparisons), "discrimination_pairs")
save_table(do.call(rbind, lapply(names(curves), function(name) data.frame(score = name, coords(curves[[name]], "all", transpose = FALSE)))), "roc")

# --- Cut-offs, chosen again in every stratified resample

choose_cutoffs <- function(rows) {
  x <- patients$vbq[rows]
  outcome <- y[rows]
  points <- coords(roc(outcome, x, direction = "<", levels = c(0, 1), quiet = TRUE), "all", transpose = FALSE)
  midpoint <- floor((mean(x[outcome == 1]) + mean(x[outcome == 0])) / 2 + 0.5)
  chosen <- c(
    which.max(round(points$sensitivity + points$specificity, 12)),
    which.min(round((1 - points$sensitivity)^2 + (1 - points$specificity)^2, 12)),
    max(which(points$sensitivity >= 0.9 - 1e-12))
  )
  at <- as.matrix(points[chosen, c("threshold", "sensitivity", "specificity")])
  rbind(at, c(midpoint, mean(x[outcome == 1] > midpoint), mean(x[outcome == 0] <= midpoint)))
}
observed <- choose_cutoffs(seq_along(y))
resampled <- replicate(RESAMPLES, {
  choose_cutoffs(unlist(lapply(split(seq_along(y), y), function(rows) sample(rows, replace = TRUE))))
})
bounds <- apply(resampled, 1:2, quantile, c(0.025, 0.975))
save_table(data.frame(
  method = c("youden", "closest_to_corner", "fixed_sensitivity", "mean_midpoint_rounded"), observed, low = bounds[1, , ], high = bounds[2, , ]
), "cutoff")

# --- Agreement between the readers

agreement <- psych::ICC(by_reader[, c("vbq.a", "vbq.b")], lmer = FALSE)
difference <- by_reader$vbq.a - by_reader$vbq.b
n <- length(difference)
exact <- suppressWarnings(sapply(c(0.025, 0.975), function(p) qt(p, n - 1, ncp = sqrt(n) * qnorm(0.975)) / sqrt(n)))
sem <- sqrt(mean(difference^2) / 2)
save_table(data.frame(agreement$results, bias = mean(difference), limit = qnorm(0.975) * sd(difference), exact_low = exact[1], exact_high = exact[2], sem), "agreement")

# --- Figures

draw <- function(name, expression) {
  svg(file.path(folder, paste0(name, ".svg")), 5, 5)
  eval.parent(substitute(expression))
  invisible(dev.off())
}
for (name in c("sins_category", "vbq_high", "combined")) draw(paste0("roc_", name), plot(curves[[name]], print.auc = TRUE, legacy.axes = TRUE))
draw("roc_all", {
  plot(curves[[1]], legacy.axes = TRUE)
  for (i in 2:5) lines(curves[[i]], lty = i)
  legend("bottomright", names(curves), lty = 1:5)
})
draw("odds_ratios", {
  terms <- seq_along(coef(fit))[-1]
  plot(exp(coef(fit))[terms], terms, log = "x", xlim = exp(range(intervals[terms, ])), yaxt = "n", ylab = "", xlab = "Odds ratio")
  segments(exp(intervals[terms, 1]), terms, exp(intervals[terms, 2]), terms)
  axis(2, terms, names(coef(fit))[terms])
})
draw("bland_altman", {
  plot(rowMeans(by_reader[, -1]), difference)
  abline(h = mean(difference) + c(-1, 0, 1) * qnorm(0.975) * sd(difference), lty = c(2, 1, 2))
})
draw("vbq_by_outcome", {
  boxplot(vbq ~ new_vcf, patients)
  stripchart(vbq ~ new_vcf, patients, vertical = TRUE, method = "jitter", add = TRUE)
})

elapsed <- (proc.time() - started)[["elapsed"]]
cat(sprintf("AUC %s; %d resamples; %.1f s\n", paste(sprintf("%s %.3f", names(curves), sapply(curves, auc)), collapse = ", "), RESAMPLES, elapsed))
