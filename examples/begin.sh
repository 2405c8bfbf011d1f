# shellcheck shell=bash
# Sourced by every recipe with its arguments: DATA, an image folder, and OUT, the directory to work in.
set -euo pipefail
if [ $# -ne 2 ]; then
    printf 'Usage: [QUICK=1] [WEIGHTS=imagenet|none|FILE.h5] [EPOCHS=N] %s DATA OUT\n' "$0" >&2
    exit 2
fi
quick=${QUICK:-}
weights=${WEIGHTS:-${quick:+none}}  # the ImageNet weights are a large download
weights=${weights:-imagenet}
if [ -f "$weights" ]; then weights=$(realpath "$weights"); fi
data=$(realpath "$1")
mkdir -p "$2"
cd "$2"

# run COMMAND…: print the command as a user would type it, and run it.
run() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
}

# choose SHORT FULL: print SHORT if QUICK=1, else FULL.
choose() {
    if [ -n "$quick" ]; then printf '%s' "$1"; else printf '%s' "$2"; fi
}

# epochs N: print how many epochs a training has: 1 if QUICK=1, else $EPOCHS if that is set, else N.
epochs() {
    choose 1 "${EPOCHS:-$1}"
}

# Put a folder that is split together again, because every recipe splits in its own way.
if [ -d "$data/train" ]; then
    for file in "$data"/{train,val,test}/*/*; do
        if [ ! -f "$file" ]; then continue; fi
        label=$(basename "$(dirname "$file")")
        mkdir -p "photos/$label"
        cp "$file" "photos/$label/$(basename "$(dirname "$(dirname "$file")")")-$(basename "$file")"
    done
    data=photos
fi
if [ -n "$quick" ]; then
    run celebtool balance "$data" few --per-class 20
    data=few
fi
