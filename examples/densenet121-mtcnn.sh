#!/usr/bin/env bash
# Faces cut out with MTCNN, augmented to 400 a class, split 80/20; ResNet50, then DenseNet121, with a layer of 256 and
# dropout 0.5, first frozen, then unfrozen with a falling rate and early stopping; loss and accuracy, confusion matrix.
# WEIGHTS2 is ResNet50's FILE.h5 if WEIGHTS is DenseNet121's.
# Usage: [WEIGHTS=imagenet|none|FILE.h5] [EPOCHS=N] examples/densenet121-mtcnn.sh DATA OUT
here=$PWD
. "$(dirname "$0")/begin.sh"
weights2=${WEIGHTS2:-$(if [ -f "$weights" ]; then echo imagenet; else echo "$weights"; fi)}
if [ -f "$here/$weights2" ]; then weights2=$here/$weights2; fi
size=$(choose 64 224)

run celebtool crop-faces "$data" faces --review crops.png
run celebtool split faces parts --train .8 --val .2 --test 0
run celebtool augment parts augmented --until "$(choose 20 400)" --fill nearest --preview augmented.png
for network in "resnet50 $weights2" "densenet121 $weights"; do
    read -r name start <<< "$network"
    run celebtool train augmented "$name.h5" --arch "$name" --weights "$start" --image-size "$size" \
        --dense 256 --dropout 0.5 --epochs "$(epochs 20)" --history "$name-frozen.csv"
    run celebtool finetune "$name.h5" augmented "$name-unfrozen.h5" --epochs "$(epochs 30)" \
        --reduce-lr 3 --patience 6 --history "$name-unfrozen.csv"
    run celebtool report "$name-frozen.csv" "$name-unfrozen.csv" --plots "$name" --overwrite
    run celebtool predict "$name-unfrozen.h5" parts/val -o "$name-predictions.csv" --overwrite
done
run celebtool report resnet50-predictions.csv densenet121-predictions.csv
run celebtool report densenet121-predictions.csv --confusion --images parts/val --plots plots --overwrite
