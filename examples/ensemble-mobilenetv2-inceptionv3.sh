#!/usr/bin/env bash
# MobileNetV2 and InceptionV3 at 224 pixels on turned, shifted, sheared, mirrored and relit images, then the average of
# both: sample sheets, distributions of the parts, loss and accuracy, confusion matrix, mistakes. WEIGHTS2 is InceptionV3's
# FILE.h5 if WEIGHTS is MobileNetV2's.
# Usage: [WEIGHTS=imagenet|none|FILE.h5] [EPOCHS=N] examples/ensemble-mobilenetv2-inceptionv3.sh DATA OUT
here=$PWD
. "$(dirname "$0")/begin.sh"
weights2=${WEIGHTS2:-$(if [ -f "$weights" ]; then echo imagenet; else echo "$weights"; fi)}
if [ -f "$here/$weights2" ]; then weights2=$here/$weights2; fi
size=$(choose 96 224)
epochs=$(epochs 30)

run celebtool split "$data" parts --train .7 --val .15 --test .15
run celebtool report parts --plots distributions --overwrite
run celebtool augment parts augmented --copies "$(choose 1 3)" \
    --rotate 20 --shift 0.1 --shear 10 --zoom 0 --flip --brightness 0.2 --preview augmented.png
run celebtool train augmented mobilenetv2.h5 --arch mobilenetv2 --weights "$weights" --image-size "$size" \
    --epochs "$epochs" --history mobilenetv2.csv
run celebtool train augmented inceptionv3.h5 --arch inceptionv3 --weights "$weights2" --image-size "$size" \
    --epochs "$epochs" --history inceptionv3.csv
run celebtool report mobilenetv2.csv inceptionv3.csv --plots curves --overwrite
run celebtool ensemble mobilenetv2.h5 inceptionv3.h5 ensemble.h5 --tune parts
for model in mobilenetv2 inceptionv3 ensemble; do
    run celebtool predict "$model.h5" parts/test -o "$model-predictions.csv" --overwrite
done
run celebtool report mobilenetv2-predictions.csv inceptionv3-predictions.csv ensemble-predictions.csv
run celebtool report ensemble-predictions.csv --confusion --mistakes --images parts/test --plots plots --overwrite
