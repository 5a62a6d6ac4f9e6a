# Two dichotomous scores together: glm on the rows written out, AUC with pROC; numbers of joint tables by enumeration.
source("common.R")
suppressPackageStartupMessages(library(pROC))

patterns <- expand.grid(first = 0:1, second = 0:1) # neither, first, second, both
from_both <- function(n, first, second, both) c(n - first - second + both, first - both, second - both, both)
margins <- list(n = c(49, 56), first = c(7, 42), second = c(9, 36))
paper <- function(x0, x1) {
  with(margins, rbind(from_both(n[1], first[1], second[1], x0), from_both(n[2], first[2], second[2], x1)))
}

# Patients without the outcome, then those with it.
tables <- list(
  paper_1_25 = paper(1, 25), paper_0_26 = paper(0, 26), paper_6_22 = paper(6, 22), paper_7_36 = paper(7, 36),
  ordinary = rbind(c(20, 8, 9, 3), c(6, 10, 11, 14)),
  no_association = rbind(c(10, 6, 4, 8), c(5, 3, 2, 4)),
  tied_patterns = rbind(c(12, 5, 5, 3), c(4, 6, 6, 9)),
  one_half = rbind(c(8, 4, 6, 2), c(2, 4, 6, 8)),
  protective = rbind(c(3, 12, 4, 10), c(15, 5, 9, 2)),
  empty_pattern = rbind(c(12, 7, 6, 0), c(5, 9, 8, 0)),
  one_outcome_in_a_pattern = rbind(c(15, 6, 4, 0), c(3, 5, 7, 9)),
  first_separates = rbind(c(9, 0, 7, 0), c(2, 5, 3, 6)),
  complete = rbind(c(9, 0, 7, 0), c(0, 5, 0, 6)),
  only_one_has_both = rbind(c(40, 30, 2, 1), c(3, 4, 20, 30)),
  large = rbind(c(900, 300, 200, 100), c(300, 350, 250, 600))
)

fit_of <- function(table, interaction) {
  rows <- patterns[rep(rep(1:4, 2), c(t(table))), ]
  rows$event <- rep(0:1, rowSums(table))
  formula <- if (interaction) event ~ first * second else event ~ first + second
  fit <- suppressWarnings(glm(formula, binomial, rows, control = glm.control(epsilon = 1e-14, maxit = 200)))
  at <- match(paste(patterns$first, patterns$second), paste(rows$first, rows$second))
  risks <- fitted(fit)[at]
  has_no_estimate <- fit$rank < length(coef(fit)) || any(risks < 1e-6 | risks > 1 - 1e-6, na.rm = TRUE)
  # Infinite linear predictors differ by when the iteration stops, their risks do not.
  score <- round(if (has_no_estimate) fitted(fit) else predict(fit), 9)
  list(
    coefficients = unname(if (has_no_estimate) NA * coef(fit) else coef(fit)), risks = unname(risks),
    has_no_estimate = has_no_estimate, rank = fit$rank, likelihood_ratio = fit$null.deviance - fit$deviance,
    p_value = pchisq(max(fit$null.deviance - fit$deviance, 0), fit$rank - 1, lower.tail = FALSE),
    auc = as.numeric(auc(roc(rows$event, score, levels = 0:1, direction = "<", quiet = TRUE))),
    accuracy = mean((round(fitted(fit), 9) >= 0.5) == (rows$event == 1))
  )
}

for (case in names(tables)) {
  for (interaction in c(FALSE, TRUE)) {
    do.call(record, c(paste0(case, if (interaction) "/interaction"), fit_of(tables[[case]], interaction)))
  }
}

# All tables with the margins of the paper.
every <- expand.grid(x0 = 0:7, x1 = 22:36)
for (interaction in c(FALSE, TRUE)) {
  fits <- Map(function(x0, x1) fit_of(paper(x0, x1), interaction), every$x0, every$x1)
  aucs <- sapply(fits, `[[`, "auc")
  accuracies <- sapply(fits, `[[`, "accuracy")
  record(paste0("every", if (interaction) "/interaction"),
    auc_low = min(aucs), auc_high = max(aucs), auc_sum = sum(aucs), accuracy_low = min(accuracies),
    accuracy_high = max(accuracies), accuracy_sum = sum(accuracies)
  )
}

number_of_tables <- function(n, first, second) {
  cells <- expand.grid(neither = 0:n, first = 0:first, second = 0:second, both = 0:min(first, second))
  sum(rowSums(cells) == n & cells$first + cells$both == first & cells$second + cells$both == second)
}
counted <- data.frame(
  case = paste0("margins_", 1:5), n_0 = c(49, 10, 5, 12, 30), n_1 = c(56, 8, 4, 9, 25), first_0 = c(7, 4, 0, 12, 20),
  first_1 = c(42, 6, 4, 3, 20), second_0 = c(9, 7, 3, 5, 18), second_1 = c(36, 5, 4, 0, 12)
)
for (i in seq_len(nrow(counted))) {
  with(counted[i, ], {
    record(case, tables = number_of_tables(n_0, first_0, second_0) * number_of_tables(n_1, first_1, second_1))
  })
}

write_data(counted, "joint_margins")
write_data(do.call(rbind, lapply(names(tables), function(case) {
  data.frame(case, outcome = 0:1, `colnames<-`(tables[[case]], c("neither", "first", "second", "both")))
})), "joint_tables")
write_values("joint")
