#!/usr/bin/env bash
# VGG16 with its last layer replaced, on 60 images of everybody: 48 train, 6 val, 6 test; batches of 8, patience 5;
# precision, recall and F1 of every class on val and on test, and how far val and test stay behind train.
# Usage: [WEIGHTS=imagenet|none|FILE.h5] [EPOCHS=N] examples/vgg16-60.sh DATA OUT
. "$(dirname "$0")/begin.sh"

run celebtool balance "$data" balanced --per-class "$(choose 15 60)" --keep best
run celebtool split balanced parts --train .8 --val .1 --test .1
run celebtool train parts vgg16.h5 --arch vgg16 --weights "$weights" --image-size "$(choose 32 224)" \
    --epochs "$(epochs 50)" --batch-size 8 --patience 5 --history vgg16.csv
run celebtool report vgg16.csv --plots curves --overwrite
for part in train val test; do
    run celebtool predict vgg16.h5 "parts/$part" -o "$part.csv" --overwrite
done
run celebtool report val.csv --per-class
run celebtool report test.csv --per-class --confusion --plots plots --overwrite
run celebtool report train.csv val.csv test.csv
