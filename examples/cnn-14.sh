#!/usr/bin/env bash
# A small convolutional network trained from random weights on 14 celebrities at 100 x 100 pixels: its layers (19,178,542
# parameters), loss, accuracy, confusion matrix and predictions. Usage: [EPOCHS=N] examples/cnn-14.sh DATA OUT
. "$(dirname "$0")/begin.sh"

run celebtool split "$data" parts --train .8 --val .1 --test .1
run celebtool train parts cnn.h5 --arch cnn --image-size "$(choose 32 100)" --epochs "$(epochs 30)" --history cnn.csv
run celebtool report cnn.h5 --layers
run celebtool report cnn.csv --plots curves --overwrite
run celebtool predict cnn.h5 parts/test -o predictions.csv --overwrite
run celebtool report predictions.csv --confusion --images parts/test --plots plots --overwrite
