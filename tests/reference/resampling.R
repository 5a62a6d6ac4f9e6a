# Percentile intervals: quantile, type 7, values that are missing left out.
source("common.R")
set.seed(2019)

estimates <- data.frame(even = rnorm(200), odd = c(rexp(199), NA), few = c(3, 1, 2, rep(NA, 197)), tied = rpois(200, 2))
for (column in names(estimates)) {
  for (confidence in c(0.95, 0.9, 0.5)) {
    tail <- (1 - confidence) / 2
    bounds <- quantile(estimates[[column]], c(tail, 1 - tail), type = 7, na.rm = TRUE, names = FALSE)
    record(paste0(column, "/", confidence), low = bounds[1], high = bounds[2])
  }
}
write_data(estimates, "estimates")
write_values("resampling")
