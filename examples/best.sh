#!/usr/bin/env bash
# The most accurate recipe, and the quickest: aligned faces, the default face network, and answers averaged over each face
# and its mirror image. Usage: examples/best.sh DATA OUT
. "$(dirname "$0")/begin.sh"

run celebtool crop-faces "$data" faces
run celebtool split faces parts --train .6 --val .2 --test .2
run celebtool train parts model.h5
run celebtool predict model.h5 parts/test --mirror -o predictions.csv --overwrite
run celebtool report predictions.csv --confusion
