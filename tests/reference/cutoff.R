# Cut-offs with pROC's coords, in the observed rows and in 40 stratified resamples that are given as weights.
# pROC's candidates are midway between neighboring values, like those under test.
source("common.R")
suppressPackageStartupMessages(library(pROC))
set.seed(2019)
SENSITIVITY <- 0.9

n <- c(49, 56)
score <- round(c(rnorm(n[1], 2.48, 0.6), rnorm(n[2], 3.26, 0.6)), 1)
event <- rep(0:1, n)

choose <- function(rows, case) {
  x <- score[rows]
  y <- event[rows]
  curve <- roc(y, x, direction = "<", levels = c(0, 1), quiet = TRUE)
  points <- coords(curve, "all", transpose = FALSE)
  best <- function(goodness) which(goodness >= max(goodness) - 1e-12)
  # The lowest threshold of equally good ones: pROC lists them in increasing order, -Inf first.
  record_as <- function(rule, row) {
    chosen <- points[row, ]
    record(paste0(case, "/", rule),
      cutoff = chosen$threshold, sensitivity = chosen$sensitivity, specificity = chosen$specificity
    )
  }
  record_as("youden", best(points$sensitivity + points$specificity)[1])
  record_as("closest_to_corner", best(-(1 - points$sensitivity)^2 - (1 - points$specificity)^2)[1])
  record_as("fixed_sensitivity", max(which(points$sensitivity >= SENSITIVITY - 1e-12)))
  midpoint <- floor((mean(x[y == 1]) + mean(x[y == 0])) / 2 + 0.5)
  record(paste0(case, "/mean_midpoint_rounded"),
    cutoff = midpoint, sensitivity = mean(x[y == 1] > midpoint), specificity = mean(x[y == 0] <= midpoint)
  )
}

choose(seq_along(score), "observed")
weights <- sapply(1:40, function(i) {
  rows <- unlist(lapply(0:1, function(class) sample(which(event == class), replace = TRUE)))
  choose(rows, i)
  tabulate(rows, length(score))
})

# pROC's own choice, where it is unique.
curve <- roc(event, score, direction = "<", levels = c(0, 1), quiet = TRUE)
record("pROC",
  youden = coords(curve, "best", best.method = "youden", transpose = FALSE)$threshold[1],
  closest_to_corner = coords(curve, "best", best.method = "closest.topleft", transpose = FALSE)$threshold[1]
)
write_data(data.frame(event, score), "cutoff")
write_data(as.data.frame(weights), "cutoff_weights")
write_values("cutoff")
