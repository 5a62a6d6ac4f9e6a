# Standardized differences: from means and variances; the Mahalanobis distance of shares without the first level.
source("common.R")

values <- list(
  apart = list(c(2.1, 3.4, 2.8, 3.9, 2.2), c(1.9, 2.0, 2.6, 1.5)),
  alike = list(c(1, 2, 3, 4), c(4, 2, 1, 3)),
  wide = list(c(10, 250, 31, 7), c(12.5, 13.5, 11))
)
counts <- list(
  two = list(c(49, 56), c(253, 36)),
  three = list(c(51, 46, 8), c(108, 103, 56)),
  empty = list(c(60, 45, 0), c(157, 98, 1)),
  same = list(c(10, 20, 30), c(20, 40, 60))
)
rows <- list()
for (case in names(values)) {
  pair <- values[[case]]
  spread <- sqrt((var(pair[[1]]) + var(pair[[2]])) / 2)
  record(paste0("values_", case), difference = (mean(pair[[1]]) - mean(pair[[2]])) / spread)
}
for (case in names(counts)) {
  shares <- lapply(counts[[case]], function(n) (n / sum(n))[-1])
  covariance <- Reduce(`+`, lapply(shares, function(p) diag(p, length(p)) - tcrossprod(p))) / 2
  record(paste0("counts_", case), difference = sqrt(mahalanobis(shares[[1]], shares[[2]], covariance)))
}
for (kind in c("values", "counts")) {
  for (case in names(get(kind))) for (sample in 1:2) {
    drawn <- get(kind)[[case]][[sample]]
    rows[[length(rows) + 1]] <- data.frame(case = paste0(kind, "_", case), sample, value = as.numeric(drawn))
  }
}
write_data(do.call(rbind, rows), "balance")
write_values("balance")
