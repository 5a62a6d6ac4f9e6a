# Imputation by predictive mean matching with mice: how statistics of the completed data vary among imputations.
source("common.R")
suppressPackageStartupMessages(library(mice))
set.seed(2019)

# mice 3.15 matches an unordered factor by its codes. As from 3.17: by its first canonical variate.
first_canonical_variate <- function(levels, x) {
  indicators <- model.matrix(~levels)[, -1]
  drop(scale(indicators %*% cancor(indicators, x)$xcoef[, 1]))
}
mice.impute.pmm.quantified <- function(y, ry, x, wy = NULL, ...) {
  scores <- rep(NA_real_, length(y))
  scores[ry] <- first_canonical_variate(droplevels(y[ry]), x[ry, ])
  y[ry][match(mice.impute.pmm(scores, ry, x, wy, ...), scores[ry])]
}

n <- 250
age <- round(rnorm(n, 65, 9), 1)
bmi <- round(27 + 0.15 * (age - 65) + rnorm(n, 0, 4), 1)
marker <- round(exp(0.03 * (age - 65) + 0.08 * (bmi - 27) + rnorm(n, 0, 0.6)), 3)
smoker <- rbinom(n, 1, plogis(-0.5 - 0.05 * (age - 65) + 0.5 * log(marker)))
site <- apply(cbind(0, 0.08 * (age - 65), -0.1 * (bmi - 27) + smoker, 0.5 * log(marker) - 0.5), 1, function(eta) {
  sample(0:3, 1, prob = exp(eta))
})
complete_data <- data.frame(age, bmi, marker, smoker, site)

incomplete <- complete_data
incomplete$bmi[runif(n) < plogis((age - 72) / 5)] <- NA
incomplete$marker[runif(n) < plogis((60 - age) / 5)] <- NA
incomplete$smoker[runif(n) < 0.2] <- NA
incomplete$site[runif(n) < plogis((age - 75) / 8)] <- NA
write_data(incomplete, "imputation_incomplete")

whole <- na.omit(incomplete)
scores <- first_canonical_variate(factor(whole$site), whole[c("age", "bmi", "marker", "smoker")])
record("first canonical variate", level = tapply(scores, whole$site, mean))

imputations <- mice(transform(incomplete, site = factor(site)),
  m = 200, maxit = 5, visitSequence = "monotone", seed = 2019, printFlag = FALSE,
  method = c(age = "", bmi = "pmm", marker = "pmm", smoker = "pmm", site = "pmm.quantified")
)
statistics <- sapply(complete(imputations, "all"), function(rows) {
  c(
    mean_bmi = mean(rows$bmi), mean_marker = mean(rows$marker), mean_smoker = mean(rows$smoker),
    sd_bmi = sd(rows$bmi), sd_marker = sd(rows$marker), setNames(tabulate(rows$site, 4) / n, paste0("share_site_", 0:3)),
    slope = lm(bmi ~ marker, rows)$coefficients[[2]],
    mean_bmi_in_site_2 = mean(rows$bmi[rows$site == 2])
  )
})
for (statistic in rownames(statistics)) {
  record(statistic, mean = mean(statistics[statistic, ]), sd = sd(statistics[statistic, ]))
}
write_values("imputation")
