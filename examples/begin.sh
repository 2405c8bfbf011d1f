# shellcheck shell=bash
# What every recipe begins with; it is sourced, with the recipe's own arguments: DATA, an image folder, and OUT.
set -euo pipefail
if [ $# -ne 2 ]; then
    printf 'Usage: [QUICK=1] [WEIGHTS=imagenet|none|FILE.h5] %s DATA OUT\n' "$0" >&2
    exit 2
fi
quick=${QUICK:-}
weights=${WEIGHTS:-${quick:+none}}  # ImageNet's are a large download
weights=${weights:-imagenet}
if [ -f "$weights" ]; then weights=$(realpath "$weights"); fi
data=$(realpath "$1")
mkdir -p "$2"
cd "$2"

# run COMMAND…: show it as one would type it, and run it.
run() {
    printf '\n\033[1m$ %s\033[0m\n' "$*"
    "$@"
}

# choose SHORT FULL: the one for QUICK=1, or the recipe's own.
choose() {
    if [ -n "$quick" ]; then printf '%s' "$1"; else printf '%s' "$2"; fi
}

# A folder that is divided already is put together again: every recipe divides in its own way.
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
