# Rubin's rules with mice: pool.scalar on estimates and areas under curves, pool on logistic regressions.
source("common.R")
suppressPackageStartupMessages({
  library(mice)
  library(pROC)
})
set.seed(2019)

record_pooled <- function(case, estimates, variances, df_complete) {
  pooled <- pool.scalar(estimates, variances, n = df_complete + 1, k = 1, rule = "rubin1987")
  limits <- function(confidence) pooled$qbar + c(-1, 1) * qt((1 + confidence) / 2, pooled$df) * sqrt(pooled$t)
  record(case,
    df_complete = df_complete, estimate = pooled$qbar, std_error = sqrt(pooled$t), df = pooled$df,
    low = limits(0.95)[1], high = limits(0.95)[2], low_90 = limits(0.9)[1],
    within = pooled$ubar, between = pooled$b, fraction_missing = pooled$fmi
  )
}

cases <- list()
add <- function(case, estimates, variances, df_complete) {
  cases[[case]] <<- data.frame(case, estimate = estimates, variance = variances)
  record_pooled(case, estimates, variances, df_complete)
}
add("typical", rnorm(20, 1.2, 0.1), runif(20, 0.04, 0.05), 187)
add("large sample", rnorm(20, 1.2, 0.1), runif(20, 0.04, 0.05), Inf)
add("small sample", rnorm(5, -0.4, 0.5), runif(5, 0.3, 0.6), 3)
add("half a degree of freedom", rnorm(5, -0.4, 0.5), runif(5, 0.3, 0.6), 0.5)
add("two imputations", c(0.7, 0.9), c(0.02, 0.03), 40)
add("mostly missing", rnorm(10, 0, 5), runif(10, 0.1, 0.2), 60)
add("mostly missing in a large sample", rnorm(10, 0, 5), runif(10, 0.1, 0.2), Inf)
add("hardly missing", rnorm(50, 3, 0.01), runif(50, 0.09, 0.11), 500)

births <- MASS::birthwt[c("low", "age", "lwt", "smoke")]
births$lwt[runif(nrow(births)) < plogis((births$age - 27) / 4)] <- NA
births$smoke[runif(nrow(births)) < 0.15] <- NA
imputations <- mice(births, m = 5, method = "pmm", seed = 2019, printFlag = FALSE)
write_data(setNames(complete(imputations, "long")[c(".imp", names(births))], c("imputation", names(births))), "pooling_imputed")

fits <- with(imputations, glm(low ~ age + lwt + smoke, family = binomial, epsilon = 1e-14))
pooled <- pool(fits)
table <- summary(pooled, conf.int = TRUE)
for (i in seq_len(nrow(table))) {
  record(paste0("logistic/", table$term[i]),
    df_complete = pooled$pooled$dfcom[i], estimate = table$estimate[i], std_error = table$std.error[i],
    df = table$df[i], low = table[i, "2.5 %"], high = table[i, "97.5 %"],
    within = pooled$pooled$ubar[i], between = pooled$pooled$b[i], fraction_missing = pooled$pooled$fmi[i]
  )
}

curves <- lapply(complete(imputations, "all"), function(rows) roc(rows$low, -rows$lwt, direction = "<", levels = c(0, 1), quiet = TRUE))
areas <- sapply(curves, function(curve) as.numeric(auc(curve)))
variances <- sapply(curves, var, method = "delong")
record_pooled("auc", qlogis(areas), variances / (areas * (1 - areas))^2, nrow(births) - 2)

write_data(do.call(rbind, cases), "pooling_estimates")
write_values("pooling")
