# A continuous variable across groups (t.test, lm, oneway.test, wilcox.test, kruskal.test) and on another one
# (lm, cor.test).
source("common.R")
set.seed(2019)

integers <- data.frame(value = c(rpois(49, 5), rpois(56, 7)), group = rep(c("a", "b"), c(49, 56)))
unequal <- data.frame(value = round(c(rnorm(12, 104.8, 30), rnorm(31, 128.5, 120)), 1), group = rep(c("a", "b"), c(12, 31)))
shifted <- transform(unequal, value = value + 1e6)
three <- data.frame(value = round(c(rnorm(9, 2.5, 0.4), rnorm(20, 2.9, 0.9), rnorm(15, 3.2, 0.5)), 2), group = rep(c("a", "b", "c"), c(9, 20, 15)))
cases <- list(
  integers = integers, unequal = unequal, shifted = shifted, three = three,
  sleep = data.frame(value = sleep$extra, group = sleep$group),
  spray = data.frame(value = InsectSprays$count, group = InsectSprays$spray),
  ozone = na.omit(data.frame(value = airquality$Ozone, group = airquality$Month)),
  iris = data.frame(value = iris$Petal.Length, group = iris$Species),
  one_constant = data.frame(value = c(rep(2.5, 7), 2.4, 3.1, 2.9, 3.8, 2.2), group = rep(c("a", "b"), c(7, 5))),
  other_constant = data.frame(value = c(4.1, 3.3, 5.2, rep(2.5, 9)), group = rep(c("a", "b"), c(3, 9)))
)

for (case in names(cases)) {
  frame <- transform(cases[[case]], group = factor(group))
  regression <- lm(value ~ group, frame)
  last <- tail(cbind(summary(regression)$coefficients, confint(regression, level = 0.9)), 1)
  record(case,
    difference = last[1], difference_error = last[2], difference_t = last[3], difference_p = last[4],
    difference_low = last[5], difference_high = last[6]
  )
  fit <- anova(regression)
  record(case,
    df_residual = fit$Df[2], f = fit[["F value"]][1], p_ols = fit[["Pr(>F)"]][1],
    # oneway.test has no p-value where a group is constant
    p_welch = (if (nlevels(frame$group) == 2) t.test else oneway.test)(value ~ group, frame)$p.value
  )
  if (nlevels(frame$group) == 2) {
    pooled <- t.test(value ~ group, frame, var.equal = TRUE)
    record(case,
      t = pooled$statistic, p_pooled_t = pooled$p.value, p_welch_t = t.test(value ~ group, frame)$p.value,
      p_rank = wilcox.test(value ~ group, frame, exact = FALSE, correct = TRUE)$p.value
    )
  } else {
    record(case, p_rank = kruskal.test(value ~ group, frame)$p.value)
  }
}

pairs <- list(
  cars = data.frame(x = cars$speed, y = cars$dist),
  tied = data.frame(x = rep(1:6, each = 5), y = rpois(30, 4)),
  strong = data.frame(x = iris$Petal.Length, y = iris$Petal.Width),
  falling = data.frame(x = mtcars$wt, y = mtcars$mpg),
  exact = data.frame(x = 1:8, y = 3 + 2 * (1:8))
)
for (case in names(pairs)) {
  frame <- pairs[[case]]
  fit <- suppressWarnings(summary(lm(y ~ x, frame)))
  record(case, intercept = fit$coefficients[1, 1], slope = fit$coefficients[2, 1])
  if (case == "exact") next
  record(case,
    std_error = fit$coefficients[2, 2], statistic = fit$coefficients[2, 3], p_value = fit$coefficients[2, 4],
    residual_sd = fit$sigma, r_squared = fit$r.squared,
    p_spearman = cor.test(frame$x, frame$y, method = "spearman", exact = FALSE)$p.value
  )
}

stack_cases <- function(cases) do.call(rbind, lapply(names(cases), function(case) cbind(case, cases[[case]])))
write_data(stack_cases(cases), "groups")
write_data(stack_cases(pairs), "pairs")
write_values("groups")
