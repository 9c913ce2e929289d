#!/usr/bin/env bash
# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
#
# Development data in, the two small rankers and their evaluation out; nothing is downloaded.
# Run from anywhere as: DATA_DIR=../shared/data OUT=/tmp/small train/recipes/small.sh
set -euo pipefail
cd "$(dirname "$0")/../.."

DATA_DIR=${DATA_DIR:-../shared/data}
OUT=${OUT:-/tmp/small}
PYTHON=${PYTHON:-python}
DEVICE=${DEVICE:-cpu}
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-2}
# Paddle hands large blocks back to the kernel after every operator and faults them in again.
export MALLOC_MMAP_MAX_=0 MALLOC_TRIM_THRESHOLD_=4000000000 MALLOC_TOP_PAD_=268435456

common=(--device "$DEVICE" --batch_size 64 --weight_decay 0.01 --logging_steps 50
  --eval_step 250 --test_file "$OUT/mined/dev.tsv")

"$PYTHON" -m train.mine --data_dir "$DATA_DIR" --output_dir "$OUT/mined" --seed 1000
"$PYTHON" -m train.vocabulary "$OUT/mined/texts.txt" --output_dir "$OUT/vocab" \
  --size 5600 --min_count 1

# Stage 1: parts of texts against their neighbours, sentences of abstracts, question pairs.
"$PYTHON" -m train.train_ce "${common[@]}" --train_set "$OUT/mined/ce_stage1.tsv" \
  --model_name_or_path train/configs/small.json --tokenizer "$OUT/vocab" --init matching \
  --learning_rate 7e-4 --warmup_proportion 0.1 --max_steps 500 --max_seq_length 160 \
  --valid_steps 100000 --save_steps 100000 --save_dir "$OUT/ce_stage1"

# Stage 2: the graded lists with BM25 negatives.
"$PYTHON" -m train.train_ce "${common[@]}" --train_set "$OUT/mined/ce_stage2.tsv" \
  --model_name_or_path "$OUT/ce_stage1/last" \
  --learning_rate 7e-4 --warmup_proportion 0.05 --epochs 1 --max_seq_length 384 \
  --valid_steps 100000 --save_steps 100000 --save_dir "$OUT/ce_stage2"

# Stage 3: literature, random negatives, and some of the rest, lest it is forgotten.
"$PYTHON" -m train.train_ce "${common[@]}" --train_set "$OUT/mined/ce_stage3.tsv" \
  --model_name_or_path "$OUT/ce_stage2/last" \
  --learning_rate 4e-4 --warmup_proportion 0.05 --epochs 1 --max_seq_length 384 \
  --valid_steps 100000 --save_steps 100000 --save_dir "$OUT/cross_encoder"

# The pair-wise ranker starts from the cross-encoder's ERNIE weights.
"$PYTHON" -m train.train_pairwise "${common[@]}" --train_file "$OUT/mined/pairwise.tsv" \
  --batch_size 32 --margin 0.1 --model_name_or_path "$OUT/cross_encoder/last" \
  --learning_rate 3e-4 --warmup_proportion 0.1 --epochs 1 --max_seq_length 384 \
  --save_step 100000 --save_dir "$OUT/pairwise"

mkdir -p "$OUT/evaluation"
lists="$OUT/mined/heldout"
for part in medical_padded law_original abstract_padded keywords_padded; do
  if [ "$part" = medical_padded ]; then cat "$lists/$part.tsv"; else tail -n +2 "$lists/$part.tsv"; fi
done > "$OUT/mined/all_padded.tsv"
for ranker in cross_encoder pairwise; do
  for lists in "$OUT"/mined/heldout/*.tsv "$OUT/mined/all_padded.tsv"; do
    echo "== $ranker $(basename "$lists" .tsv)"
    "$PYTHON" -m train.evaluate --init_from_ckpt "$OUT/$ranker/last" --test_file "$lists" \
      --batch_size 64 --device "$DEVICE" \
      --json "$OUT/evaluation/${ranker}_$(basename "$lists" .tsv).json"
  done
  "$PYTHON" -m train.model_card --ranker "$ranker" --text train/recipes/small.md \
    --output "$OUT/$ranker/MODEL_CARD.md" "$OUT/evaluation/${ranker}"_*.json
done
