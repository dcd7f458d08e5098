#!/bin/sh
# Puts sample input into the store that pfcon and the jobs share. Runs once before pfcon starts; files that are
# there already stay as they are.
#
#   init_test_data.sh [STORE]     default: /var/local/storeBase, where pfcon has its store
set -eu

store=${1:-/var/local/storeBase}

# put PATH TEXT: a file below the store, unless there is one.
put() {
  if [ ! -e "$store/$1" ]; then
    mkdir -p "$store/$(dirname "$1")"
    printf '%s' "$2" >"$store/$1"
    echo "made $1"
  fi
}

put demo/incoming/notes.txt 'Two slices of a made-up scan. Nobody was scanned for this.
'
put demo/incoming/slices/slice_1.csv 'x,y,intensity
0,0,12
0,1,57
'
put demo/incoming/slices/slice_2.csv 'x,y,intensity
0,0,31
0,1,8
'

# A ChRIS link holds a path in the store, without a newline; the copy step puts what is there in its place.
put demo/shared/atlas/regions.txt 'left
right
'
put demo/incoming/atlas.chrislink 'demo/shared/atlas'
