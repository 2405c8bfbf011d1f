#!/usr/bin/env bash
# Faces cut out with MTCNN, augmented to 400 a class, split 80/20; DenseNet121 and ResNet50 with a layer of 256 and
# dropout 0.5, first frozen, then unfrozen with a falling rate and early stopping.
# WEIGHTS2 is ResNet50's FILE.h5 if WEIGHTS is DenseNet121's.
# Usage: [WEIGHTS=imagenet|none|FILE.h5] examples/densenet121-mtcnn.sh DATA OUT
here=$PWD
. "$(dirname "$0")/begin.sh"
weights2=${WEIGHTS2:-$(if [ -f "$weights" ]; then echo imagenet; else echo "$weights"; fi)}
if [ -f "$here/$weights2" ]; then weights2=$here/$weights2; fi
size=$(choose 64 224)

run celebtool crop-faces "$data" faces
run celebtool split faces parts --train .8 --val .2 --test 0
run celebtool augment parts augmented --until "$(choose 20 400)" --fill nearest
for network in "densenet121 $weights" "resnet50 $weights2"; do
    read -r name start <<< "$network"
    run celebtool train augmented "$name.h5" --arch "$name" --weights "$start" --image-size "$size" \
        --dense 256 --dropout 0.5 --epochs "$(choose 1 20)"
    run celebtool finetune "$name.h5" augmented "$name-unfrozen.h5" --epochs "$(choose 1 30)" \
        --reduce-lr 3 --patience 6 --history "$name.csv"
    run celebtool predict "$name-unfrozen.h5" parts/val -o "$name-predictions.csv" --overwrite
done
run celebtool report densenet121-predictions.csv resnet50-predictions.csv
