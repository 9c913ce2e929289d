# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The losses that training minimises, each of padded lists, and their weighted sum.

Every loss takes :class:`~train.training.losses.lists.Lists` and returns one value for each list,
``[lists]`` float32; a batch's loss is the mean over its lists. Padding, a list of one title and a
list that the loss learns nothing from count 0 and have no gradient. A row on its own is a list of
one, a triple a list of two.
"""
