#!/usr/bin/env bash
# InceptionV3 in two phases: a new head on the frozen network, then its last 63 layers too, at a lower rate; loss and
# accuracy of each phase, and a classification report on test.
# Usage: [WEIGHTS=imagenet|none|FILE.h5] [EPOCHS=N] examples/inceptionv3-two-phases.sh DATA OUT
. "$(dirname "$0")/begin.sh"
epochs=$(epochs 50)

run celebtool split "$data" parts --train .8 --val .1 --test .1
run celebtool train parts head.h5 --arch inceptionv3 --weights "$weights" --image-size "$(choose 75 299)" \
    --epochs "$epochs" --history head.csv
run celebtool finetune head.h5 parts finetuned.h5 --unfreeze 63 --epochs "$epochs" --history finetuned.csv
run celebtool report head.csv --plots head --overwrite
run celebtool report finetuned.csv --plots finetuned --overwrite
run celebtool predict head.h5 parts/test -o head-predictions.csv --overwrite
run celebtool predict finetuned.h5 parts/test -o finetuned-predictions.csv --overwrite
run celebtool report head-predictions.csv finetuned-predictions.csv
run celebtool report finetuned-predictions.csv --per-class
