#!/usr/bin/env bash
# Judge predictions: a page to look at, a summary for the job, the demands as JUnit XML.
# Exit codes: 0 every demand is met, 1 an error, 2 wrong usage, 3 a demand is not met.
# Usage: gate.sh PREDICTIONS.csv [BASELINE.csv [IMAGES]]. For any CI; GitHub shows what $GITHUB_STEP_SUMMARY holds.
set -euo pipefail
predictions=${1:?usage: gate.sh PREDICTIONS.csv [BASELINE.csv [IMAGES]]} baseline=${2:-} images=${3:-}

celebtool report "$predictions" \
    --require "${REQUIRE:-accuracy>=0.95,macro_f1>=0.9,coverage>=0.99}" \
    ${baseline:+--baseline "$baseline" --max-drop "${MAX_DROP:-0.01}"} \
    --html report.html --junit junit.xml --overwrite ${images:+--images "$images"} \
    --per-class --markdown >>"${GITHUB_STEP_SUMMARY:-summary.md}"
