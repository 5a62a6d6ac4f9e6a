#!/bin/sh
# Makes data/, values/ and sessionInfo.txt again. Needs R with the packages below; on Debian and Ubuntu:
#   apt-get install r-base-core r-cran-mass r-cran-proc r-cran-psych r-cran-rms r-cran-brglm2 r-cran-survey \
#   r-cran-mice r-cran-sandwich
set -eu
cd "$(dirname "$0")"
for script in contingency groups logistic roc cutoff proportions agreement resampling rounded joint calibration \
  pooling imputation precision balance optimism; do
  Rscript --vanilla "$script.R"
done

# The whole study on the rows that ship with the project.
study=$(mktemp -d)
(cd ../.. && Rscript --vanilla benchmarks/study.R "$study")
mkdir -p values/study
for table in univariable_categorical univariable_continuous univariable_effects groups_continuous vbq_by vbq_on \
  vbq_effects multivariable multivariable_tests discrimination discrimination_pairs cutoff agreement; do
  cp "$study/$table.csv" values/study/
done

Rscript --vanilla -e '
  for (package in c("MASS", "pROC", "psych", "brglm2", "rms", "survey", "mice", "sandwich")) invisible(loadNamespace(package))
  writeLines(capture.output(print(sessionInfo(), locale = FALSE)), "sessionInfo.txt")
'
