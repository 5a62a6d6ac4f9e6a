# The works of internal.py in R: rms, pROC, and the whole procedure in base R. Called by internal.py.
#
#   Rscript --vanilla benchmarks/internal.R FOLDER REPLICATES RUNS
#   apt-get install r-base-core r-cran-proc r-cran-rms
#
# Reads the files that internal.py writes to the folder; writes times.csv, areas.csv and procedure.csv there. R's
# start, the packages and reading the files are not in the times.
suppressPackageStartupMessages({
  library(pROC)
  library(rms)
})
arguments <- commandArgs(trailingOnly = TRUE)
folder <- arguments[1]
replicates <- as.integer(arguments[2])
runs <- as.integer(arguments[3])
times <- list()
timed <- function(work, expression, n = runs) {
  code <- substitute(expression)
  where <- parent.frame()
  for (run in seq_len(n)) {
    set.seed(run)
    seconds <- system.time(value <- suppressWarnings(eval(code, where)))[["elapsed"]]
    times[[length(times) + 1]] <<- data.frame(work, seconds)
  }
  value
}

# --- The cohort

cohort <- read.csv(file.path(folder, "cohort.csv"))
variables <- read.csv(file.path(folder, "variables.csv"))
for (i in which(variables$levels != "")) {
  levels <- strsplit(variables$levels[i], "|", fixed = TRUE)[[1]]
  cohort[[variables$name[i]]] <- factor(as.character(cohort[[variables$name[i]]]), levels)
}
y <- cohort$outcome

# --- rms: a fixed model, and backward selection in every resample

four <- data.frame(y, cohort[c("vbq", "sins", "smoking")], steroids = as.integer(as.character(cohort$steroids)))
fit <- lrm(y ~ vbq + sins + smoking + steroids, four, x = TRUE, y = TRUE)
fixed <- timed("rms", validate(fit, B = replicates, pr = FALSE))
invisible(capture.output(backward <- timed("rms_backward", validate(fit, B = replicates, bw = TRUE, pr = FALSE))))

# --- The whole procedure in base R, in literal resamples; separated fits stay at whatever glm.fit stops at

likelihood_ratio <- function(counts) {
  expected <- outer(rowSums(counts), colSums(counts)) / sum(counts)
  2 * sum(ifelse(counts > 0, counts * log(counts / expected), 0))
}
p_value <- function(x, outcome, test) {
  known <- !is.na(x)
  x <- x[known]
  outcome <- outcome[known]
  if (test == "ols") {
    return(t.test(x[outcome == 0], x[outcome == 1], var.equal = TRUE)$p.value)
  }
  counts <- table(x, outcome)
  counts <- counts[rowSums(counts) > 0, , drop = FALSE]
  if (nrow(counts) < 2) {
    return(NA)
  }
  if (test == "pearson") {
    return(chisq.test(counts, correct = FALSE)$p.value)
  }
  pchisq(likelihood_ratio(counts), nrow(counts) - 1, lower.tail = FALSE)
}
columns <- function(patients, names, present) {
  X <- matrix(1, nrow(patients), 1)
  for (name in names) {
    x <- patients[[name]]
    X <- if (is.factor(x)) cbind(X, outer(x, present[[name]][-1], "==")) else cbind(X, x)
  }
  X
}
area <- function(risk, outcome) {
  n <- sum(outcome)
  (sum(rank(signif(risk, 12))[outcome == 1]) - n * (n + 1) / 2) / n / sum(outcome == 0)
}
fit_and_assess <- function(sample, original, names) {
  sample <- sample[complete.cases(sample[names]), ]
  original <- original[complete.cases(original[names]), ]
  present <- lapply(sample[names], function(x) if (is.factor(x)) levels(droplevels(x)))
  beta <- glm.fit(columns(sample, names, present), sample$outcome, family = binomial())$coefficients
  kept <- !is.na(beta)
  own <- drop(columns(sample, names, present)[, kept, drop = FALSE] %*% beta[kept])
  elsewhere <- drop(columns(original, names, present)[, kept, drop = FALSE] %*% beta[kept])
  c(
    area(own, sample$outcome), area(elsewhere, original$outcome),
    mean((sample$outcome - plogis(own))^2), mean((original$outcome - plogis(elsewhere))^2),
    glm.fit(cbind(1, elsewhere), original$outcome, family = binomial())$coefficients[2]
  )
}
screened <- variables[variables$test != "", ]
procedure <- function(rows) {
  sample <- cohort[rows, ]
  cutoff <- floor((mean(sample$vbq[sample$outcome == 1]) + mean(sample$vbq[sample$outcome == 0])) / 2 + 0.5)
  p <- mapply(function(name, test) p_value(sample[[name]], sample$outcome, test), screened$name, screened$test)
  sample$vbq_high <- as.integer(sample$vbq > cutoff)
  original <- cohort
  original$vbq_high <- as.integer(original$vbq > cutoff)
  names <- screened$name[!is.na(p) & p < 0.05]
  c(cutoff, p, fit_and_assess(sample, original, names), fit_and_assess(sample, original, c("vbq_high", "sins_category")))
}
weights <- as.matrix(read.csv(file.path(folder, "weights.csv"), header = FALSE))
resamples <- lapply(seq_len(nrow(weights)), function(i) rep(seq_len(ncol(weights)), weights[i, ]))
found <- timed("base_r", lapply(resamples, procedure))
write.table(do.call(rbind, found), file.path(folder, "procedure.csv"), sep = ",", row.names = FALSE, col.names = FALSE)

# --- pROC: the bootstrap of an AUC (stratified, its default), and DeLong's interval of many rows

curve <- roc(y, cohort$vbq, levels = c(0, 1), direction = "<", quiet = TRUE)
boot <- timed("proc_bootstrap", ci.auc(curve, method = "bootstrap", boot.n = replicates, progress = "none"))
rows <- file.size(file.path(folder, "score.bin")) / 8
score <- readBin(file.path(folder, "score.bin"), "double", rows)
event <- readBin(file.path(folder, "event.bin"), "double", rows)
delong <- timed("proc_delong", {
  large <- roc(event, score, levels = c(0, 1), direction = "<", quiet = TRUE)
  ci.auc(large, method = "delong")
})

write.csv(do.call(rbind, times), file.path(folder, "times.csv"), row.names = FALSE)
corrected <- function(table) (table["Dxy", "index.corrected"] + 1) / 2
areas <- list(rms = corrected(fixed), rms_backward = corrected(backward), proc_bootstrap = boot, proc_delong = delong)
limits <- do.call(rbind, lapply(names(areas), function(work) data.frame(work, value = as.numeric(areas[[work]]))))
write.csv(format(limits, digits = 15), file.path(folder, "areas.csv"), row.names = FALSE, quote = FALSE)
cat(sprintf("R %s, rms %s, pROC %s\n", getRversion(), packageVersion("rms"), packageVersion("pROC")))
