# Shared by the scripts beside it: record values by case and quantity, write them with 17 significant digits.

recorded <- list()

# record("table a", pearson = 1.5, p = c(0.1, 0.2)): a vector becomes p_1, p_2.
record <- function(case, ...) {
  for (quantity in ...names()) {
    value <- as.numeric(list(...)[[quantity]])
    quantities <- if (length(value) == 1) quantity else paste0(quantity, "_", seq_along(value))
    recorded[[length(recorded) + 1]] <<- data.frame(case, quantity = quantities, value)
  }
}

in_full <- function(x) if (is.double(x)) sprintf("%.17g", x) else x

write_data <- function(frame, name) {
  write.csv(as.data.frame(lapply(frame, in_full)), file.path("data", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}

write_values <- function(name) {
  table <- do.call(rbind, recorded)
  table$value <- in_full(table$value)
  write.csv(table, file.path("values", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
}
