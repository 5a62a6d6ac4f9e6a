#!/bin/sh
# Makes data/, values/ and sessionInfo.txt again. Needs R with the packages below; on Debian and Ubuntu:
#   apt-get install r-base-core r-cran-mass r-cran-proc r-cran-psych r-cran-rms r-cran-brglm2
set -eu
cd "$(dirname "$0")"
for script in contingency groups logistic roc cutoff proportions agreement resampling; do
  Rscript --vanilla "$script.R"
done
Rscript --vanilla -e '
  for (package in c("MASS", "pROC", "psych", "brglm2")) invisible(loadNamespace(package))
  writeLines(capture.output(print(sessionInfo(), locale = FALSE)), "sessionInfo.txt")
'
