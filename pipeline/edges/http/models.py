# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""What a caller may give as ``model``: rankers, their aliases, experiments; and what answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, Optional

from contract.bundle import Bundle
from contract.errors import UnknownService
from contract.rankers import CASCADE
from contract.wire.request import BOTH
from pipeline.door.services import DEFAULT_SERVICE
from pipeline.request.route import Target
from pipeline.routing.router import Router
from pipeline.routing.stages import CascadePlan
from pipeline.settings.service import OP_OF_RANKER

OWNER = "ranking-stack"


@dataclass(frozen=True)
class ServedBundle:
    """One bundle, as callers see it.

    Attributes:
        ranker: whose it is.
        version: of the bundle.
        precision: of its graph.
        max_seq_length: tokens of a row, query and specials included.
        default: whether it answers for its ranker.
    """

    ranker: str
    version: str
    precision: str
    max_seq_length: int
    default: bool


class Named(NamedTuple):
    """What a model's name stands for.

    Attributes:
        ranker: that answers; ``None`` leaves it to the service.
        experiment: the only one that may take the request; empty: any.
    """

    ranker: Optional[str]
    experiment: str = ""


class Models:
    """All names.

    Attributes:
        bundles: that are served.
        rankers: whose they are, the default first.
        cascade: of these rankers, or ``None``.
        router: knows the experiments of the moment.
        unnamed: what answers a caller that names nothing.
    """

    def __init__(
        self,
        bundles: Mapping[Target, Bundle],
        aliases: Mapping[str, str],
        router: Router,
        cascade: Optional[CascadePlan] = None,
    ) -> None:
        """Bind what is served.

        Args:
            bundles: by ranker and version, the default ranker first.
            aliases: further names of rankers, as configured.
            router: knows the experiments of the moment.
            cascade: may be named as a ranker is.
        """
        self.cascade = cascade
        self.bundles: list[ServedBundle] = []
        self._with_logits = {t for t, bundle in bundles.items() if bundle.score.has_logits}
        for target, bundle in bundles.items():
            manifest = bundle.manifest
            default = target.ranker not in [b.ranker for b in self.bundles]
            self.bundles.append(
                ServedBundle(
                    target.ranker,
                    target.bundle,
                    manifest.precision,
                    manifest.max_seq_length,
                    default,
                )
            )
        self.rankers = list(dict.fromkeys(bundle.ranker for bundle in self.bundles))
        self.router = router
        self._fixed = {"": Named(None), DEFAULT_SERVICE: Named(None)}
        for ranker in self.rankers:
            self._fixed[ranker] = self._fixed[OP_OF_RANKER[ranker]] = Named(ranker)
        if cascade is not None:
            self._fixed[CASCADE] = Named(CASCADE)
        for alias, ranker in aliases.items():
            self._fixed[alias] = self._fixed[ranker]
        self.unnamed = self._fixed[""]

    @property
    def experiments(self) -> list[str]:
        """Names of the experiments of the moment."""
        return [experiment.name for experiment in self.router.plan.experiments]

    def target(self, name: str, version: str = "") -> Target:
        """The one bundle that answers for a name.

        Args:
            name: of a ranker, or an alias of one.
            version: of its bundle; empty: that which answers for the ranker.

        Raises:
            UnknownService: there is none; the message lists what there is.
        """
        ranker = self.find(name).ranker
        if ranker is None:
            served = [known for known, named in self._fixed.items() if named.ranker]
            raise UnknownService(
                f"{name!r:.80} is no one ranker; served: {', '.join(served)}", field="model"
            )
        versions = self.versions(ranker)
        if version and version not in versions:
            raise UnknownService(
                f"{name} has no version {version!r:.80}; served: {', '.join(versions)}",
                field="version",
            )
        return Target(ranker, version or versions[0])

    def parts(self, target: Target) -> list[Target]:
        """The bundles that must work for a target to answer: itself, or those of the stages."""
        if self.cascade is None or target != self.cascade.target:
            return [target]
        return [stage.target for stage in self.cascade.stages if stage.target is not None]

    def has_logits(self, target: Target) -> bool:
        """Whether the graph of a bundle returns logits; those of older exports return scores.

        A cascade has none: those of two stages do not compare.
        """
        return target in self._with_logits

    def versions(self, ranker: str) -> list[str]:
        """Of a ranker's bundles, that which answers for it first; of the cascade its own."""
        if self.cascade is not None and ranker == CASCADE:
            return [self.cascade.target.bundle]
        return [bundle.version for bundle in self.bundles if bundle.ranker == ranker]

    def find(self, name: str) -> Named:
        """What a name stands for.

        Raises:
            UnknownService: nothing; the message lists what there is.
        """
        named = self._fixed.get(name)
        if named is not None:
            return named
        if self.router.knows(name):
            return Named(None, name)
        if name == BOTH:
            raise UnknownService(
                "both rankers make no one list; POST /ranker/prediction does", field="model"
            )
        known = [known for known in self._fixed if known] + list(self.experiments)
        raise UnknownService(f"no model {name!r:.80}; served: {', '.join(known)}", field="model")
