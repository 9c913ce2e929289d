# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""Evidence beside the ERNIE tower: which tokens a pair shares, and what its phrases mean.

A configuration with the key ``evidence`` (:class:`~train.model.evidence.settings.EvidenceSettings`)
gives a ranker of either kind one more addend of its logit. It reads ``input_ids`` and
``token_type_ids`` like the tower, so no caller notices.
"""
