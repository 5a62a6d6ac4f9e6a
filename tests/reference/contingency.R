# Tests of independence of k x 2 tables (levels x outcome): chisq.test, MASS::loglm, fisher.test; mid-p from dhyper.
source("common.R")

tables <- list(
  smokers = rbind(c(38, 29), c(11, 27)),
  alcohol_abuse = rbind(c(47, 55), c(2, 1)),
  one_zero_cell = rbind(c(49, 53), c(0, 3)),
  two_zero_cells = rbind(c(5, 0), c(0, 6)),
  one_each = rbind(c(1, 0), c(0, 1)),
  tied_probabilities = rbind(c(3, 1), c(1, 3)),
  no_difference = rbind(c(10, 20), c(5, 10)),
  large = rbind(c(520, 480), c(391, 609)),
  strong = rbind(c(60, 5), c(4, 70)),
  smoking = rbind(c(21, 30), c(27, 19), c(1, 7)),
  asia = rbind(c(0, 1), c(2, 2), c(9, 11), c(38, 43)),
  empty_level = rbind(c(25, 23), c(20, 28), c(3, 3), c(1, 2), c(0, 0)),
  sparse = rbind(c(0, 2), c(1, 1), c(3, 0), c(0, 1), c(2, 4)),
  strong_three_levels = rbind(c(30, 2), c(10, 12), c(3, 33)),
  eight_levels = rbind(c(5, 10), c(5, 4), c(4, 9), c(3, 6), c(6, 2), c(9, 8), c(10, 11), c(7, 6)),
  five_levels = rbind(c(30, 30), c(40, 20), c(20, 40), c(35, 25), c(10, 50)),
  four_levels_of_1000 = rbind(c(110, 140), c(130, 120), c(125, 125), c(100, 150)),
  six_levels_skewed = rbind(c(90, 4), c(60, 1), c(41, 6), c(20, 0), c(7, 2), c(5, 3)),
  ten_levels = cbind(c(5, 4, 3, 6, 1, 2, 0, 3, 2, 4), c(3, 2, 5, 1, 4, 2, 3, 3, 6, 0))
)
MOST_ENUMERATED <- 2e6 # rows of expand.grid; the mid-p of larger tables is tested in whole numbers, by the unit tests

# Probability of every table with the margins of this one; the observed one last. By dhyper for two levels
# and by the multivariate hypergeometric formula for more.
probabilities <- function(table) {
  rows <- rowSums(table)
  total <- sum(table[, 1])
  if (nrow(table) == 2) {
    possible <- max(0, total - rows[2]):min(rows[1], total)
    return(list(all = dhyper(possible, rows[1], rows[2], total), observed = dhyper(table[1, 1], rows[1], rows[2], total)))
  }
  of <- function(cells) apply(cells, 1, function(x) exp(sum(lchoose(rows, x)) - lchoose(sum(rows), total)))
  cells <- as.matrix(do.call(expand.grid, lapply(rows, function(n) 0:n)))
  list(all = of(cells[rowSums(cells) == total, , drop = FALSE]), observed = of(rbind(table[, 1])))
}

for (case in names(tables)) {
  table <- tables[[case]]
  table <- table[rowSums(table) > 0, ]
  pearson <- suppressWarnings(chisq.test(table, correct = FALSE))
  independent <- MASS::loglm(~ 1 + 2, table)
  record(case,
    df = pearson$parameter, pearson = pearson$statistic, p_pearson = pearson$p.value,
    likelihood_ratio = independent$lrt, p_likelihood_ratio = pchisq(independent$lrt, independent$df, lower.tail = FALSE),
    p_fisher = fisher.test(table)$p.value
  )
  if (prod(rowSums(table) + 1) <= MOST_ENUMERATED || nrow(table) == 2) {
    p <- probabilities(table)
    tied <- abs(p$all / p$observed - 1) <= 1e-7
    p_enumerated <- sum(p$all[p$all < p$observed | tied])
    record(case, p_enumerated = p_enumerated, p_mid = p_enumerated - sum(p$all[tied]) / 2)
  }
  if (nrow(table) == 2) record(case, p_yates = suppressWarnings(chisq.test(table, correct = TRUE))$p.value)
}

write_data(do.call(rbind, lapply(names(tables), function(case) {
  data.frame(case, without = tables[[case]][, 1], with = tables[[case]][, 2])
})), "tables")
write_values("contingency")
