# Wilson's interval: prop.test without continuity correction.
source("common.R")

cases <- rbind(
  c(42, 56, 0.95), c(0, 20, 0.95), c(20, 20, 0.95), c(1, 29, 0.95), c(81, 263, 0.95), c(15, 148, 0.95),
  c(1, 1, 0.95), c(0, 1, 0.95), c(50, 100, 0.9), c(39, 49, 0.99), c(726, 4987, 0.95)
)
for (i in seq_len(nrow(cases))) {
  interval <- suppressWarnings(prop.test(cases[i, 1], cases[i, 2], conf.level = cases[i, 3], correct = FALSE))$conf.int
  record(paste(cases[i, ], collapse = "/"), low = interval[1], high = interval[2])
}
write_values("proportions")
