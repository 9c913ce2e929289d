# SPDX-FileCopyrightText: 2026 The Ranking Stack Authors
# SPDX-License-Identifier: Apache-2.0
"""The plan of experiments: checks them against the served bundles, and chooses a unit's variant.

Everything that can be wrong with an experiment is found here, before it is used: at the start of
the service, and at each reload.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Optional

from contract.errors import ConfigError
from contract.experiments.assignment import Assignment, Holdout, Namespace
from contract.experiments.records import BY_BUCKET, BY_LIST, INTERLEAVE, INTERLEAVED, SHADOW, SPLIT
from pipeline.request.route import Route, Target
from pipeline.settings.experiments import ExperimentConfig, HoldoutConfig, VariantConfig

# by ranker, the versions of its bundles, that of model_config first; a cascade has one
Served = Mapping[str, Sequence[str]]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}")


@dataclass(frozen=True)
class Experiment:
    """One experiment, ready to decide.

    Attributes:
        name: for logs and records.
        routes: by variant, the route of its units but for unit and reason.
        assignment: of units to variants.
        allow_list: variant by unit.
        namespace: in which it deals, or ``None`` for all units.
        start: seconds since 1970; ``None``: long ago.
        end: the same; ``None``: never.
    """

    name: str
    routes: Mapping[str, Route]
    assignment: Assignment
    allow_list: Mapping[str, str]
    namespace: Optional[Namespace]
    start: Optional[float]
    end: Optional[float]

    def runs(self, now: float) -> bool:
        """Whether it has begun and not ended."""
        return (self.start is None or self.start <= now) and (self.end is None or now < self.end)

    def listed(self, unit: str) -> Optional[str]:
        """The variant that the allow list gives the unit."""
        return self.allow_list.get(unit)

    def dealt(self, unit: str) -> Optional[str]:
        """The variant that the unit's bucket gives it; ``None`` for one that takes no part."""
        if self.namespace is not None and not self.namespace.holds(unit):
            return None
        return self.assignment.variant_of(unit)


@dataclass(frozen=True)
class Plan:
    """All experiments.

    Attributes:
        default: who answers a unit that is in none.
        rankers: by ranker, its first bundle: who answers a request that names it.
        experiments: the first that takes a unit gets it.
        holdout: units that none takes.
    """

    default: Target
    rankers: Mapping[str, Target]
    experiments: tuple[Experiment, ...] = ()
    holdout: Optional[Holdout] = None

    @property
    def names(self) -> list[str]:
        """Of the experiments."""
        return [experiment.name for experiment in self.experiments]

    def choose(self, unit: str, now: float, only: str = "") -> Optional[tuple[Route, str]]:
        """The route of a unit's variant, and the reason; ``None`` when it is in no experiment.

        Args:
            unit: who asks.
            now: seconds since 1970.
            only: the name of the only experiment that counts; empty: all do.
        """
        running = [e for e in self.experiments if e.runs(now) and only in ("", e.name)]
        for experiment in running:
            variant = experiment.listed(unit)
            if variant is not None:
                return experiment.routes[variant], BY_LIST
        if not running or (self.holdout is not None and self.holdout.holds(unit)):
            return None
        for experiment in running:
            variant = experiment.dealt(unit)
            if variant is not None:
                return experiment.routes[variant], BY_BUCKET
        return None


def make_plan(
    experiments: Sequence[ExperimentConfig], holdout: HoldoutConfig, served: Served, default: str
) -> Plan:
    """Check the experiments against each other and what is served.

    Args:
        experiments: as configured.
        holdout: as configured.
        served: what is loaded.
        default: ranker of requests that name none.

    Raises:
        ConfigError: with the yaml path of what cannot be.
    """
    rankers = {ranker: Target(ranker, versions[0]) for ranker, versions in served.items()}
    if default not in rankers:
        raise ConfigError(f"{default} is not served; restart the service", field="default_ranker")
    names = [experiment.name for experiment in experiments]
    for i, experiment in enumerate(experiments):
        if holdout.share and holdout.salt == (experiment.salt or experiment.name):
            raise ConfigError(
                "is that of the hold-out, which would take whole variants; name another",
                field=f"experiments[{i}].salt",
            )
    made = []
    for i, experiment in enumerate(experiments):
        where = f"experiments[{i}]"
        _check_name(experiment.name, f"{where}.name", names)
        made.append(_Maker(experiment, where, served, rankers).make())
    held = Holdout(holdout.salt, holdout.share) if holdout.share else None
    return Plan(rankers[default], rankers, tuple(made), held)


def target_of(ranker: str, bundle: Optional[str], versions: Sequence[str], where: str) -> Target:
    """A ranker's bundle, as one place of the configuration names it.

    Args:
        ranker: that is served.
        bundle: a version; ``None`` stands for the ranker's first.
        versions: of its bundles.
        where: yaml path of that place.

    Raises:
        ConfigError: the ranker has no such bundle.
    """
    version = bundle or versions[0]
    if version not in versions:
        raise ConfigError(
            f"{ranker} has no bundle {version}, only {', '.join(versions)}; name its "
            "directory in the op's more_bundles and restart",
            field=f"{where}.bundle",
        )
    return Target(ranker, version)


def _check_name(name: str, where: str, names: Sequence[str]) -> None:
    if not _NAME.fullmatch(name):
        raise ConfigError(
            f"must be 1 to 64 letters, digits, '_', '.', ':' or '-', got {name!r}", field=where
        )
    if names.count(name) > 1:
        raise ConfigError(f"{name} stands twice; give each its own", field=where)


class _Maker:
    """Checks and builds one experiment."""

    def __init__(
        self,
        config: ExperimentConfig,
        where: str,
        served: Served,
        rankers: Mapping[str, Target],
    ) -> None:
        self._config = config
        self._where = where
        self._served = served
        self._rankers = rankers

    def make(self) -> Experiment:
        config = self._config
        self._check()
        targets = [self._target(i, variant) for i, variant in enumerate(config.variants)]
        routes = self._routes(targets)
        weights = {v.name: v.weight for v in config.variants}
        if config.mode != SPLIT:
            weights = dict.fromkeys(routes, 1.0)
        if not sum(weights.values()) > 0:
            raise ConfigError("all weights are 0", field=f"{self._where}.variants")
        for unit, variant in config.allow_list.items():
            if variant not in routes:
                raise ConfigError(
                    f"{variant} is no variant; known are {', '.join(routes)}",
                    field=f"{self._where}.allow_list.{unit}",
                )
        return Experiment(
            config.name,
            routes,
            Assignment(weights, config.salt or config.name, config.coverage),
            config.allow_list,
            self._namespace(),
            config.start,
            config.end,
        )

    def _check(self) -> None:
        config, where = self._config, self._where
        names = [variant.name for variant in config.variants]
        for i, variant in enumerate(config.variants):
            _check_name(variant.name, f"{where}.variants[{i}].name", [*names, INTERLEAVED])
            if not variant.ranker:
                raise ConfigError(
                    f"missing; name one of {', '.join(self._served)}",
                    field=f"{where}.variants[{i}].ranker",
                )
        if config.mode == SPLIT and not names:
            raise ConfigError("must hold at least one variant", field=f"{where}.variants")
        if config.mode != SPLIT and len(names) != 2:
            raise ConfigError(
                f"must hold two variants for mode {config.mode}, got {len(names)}",
                field=f"{where}.variants",
            )
        if config.start is not None and config.end is not None and config.start >= config.end:
            raise ConfigError("must be after start", field=f"{where}.end")

    def _target(self, i: int, variant: VariantConfig) -> Target:
        where = f"{self._where}.variants[{i}]"
        if variant.ranker not in self._served:
            raise ConfigError(
                f"{variant.ranker} is not served; served: {', '.join(self._served)}",
                field=f"{where}.ranker",
            )
        return target_of(variant.ranker, variant.bundle, self._served[variant.ranker], where)

    def _routes(self, targets: Sequence[Target]) -> dict[str, Route]:
        config = self._config
        names = [variant.name for variant in config.variants]
        fallback = self._fallback()
        if config.mode != SPLIT and targets[0] == targets[1]:
            raise ConfigError(
                "both are the same bundle of the same ranker", field=f"{self._where}.variants"
            )
        common = {"experiment": config.name, "mode": config.mode, "fallback": fallback}
        if config.mode == INTERLEAVE:
            route = Route(
                tuple(targets),
                variant=INTERLEAVED,
                assigned=targets[0],
                teams=tuple(names),
                **common,  # type: ignore[arg-type]
            )
            return {INTERLEAVED: route}
        shadow = targets[1] if config.mode == SHADOW else None
        answering = names[:1] if config.mode == SHADOW else names
        return {
            name: Route(
                (target,),
                variant=name,
                assigned=target,
                shadow=shadow,
                shadow_variant=names[1] if shadow else "",
                **common,  # type: ignore[arg-type]
            )
            for name, target in zip(answering, targets)
        }

    def _fallback(self) -> Optional[Target]:
        ranker = self._config.fallback
        if ranker is None:
            return None
        if ranker not in self._rankers:
            raise ConfigError(
                f"{ranker} is not served; served: {', '.join(self._rankers)}",
                field=f"{self._where}.fallback",
            )
        return self._rankers[ranker]

    def _namespace(self) -> Optional[Namespace]:
        namespace = self._config.namespace
        if namespace is None:
            return None
        if not namespace.name:
            raise ConfigError(
                "missing; experiments of one namespace share no unit",
                field=f"{self._where}.namespace.name",
            )
        if namespace.start >= namespace.end:
            raise ConfigError("must be above start", field=f"{self._where}.namespace.end")
        return Namespace(namespace.name, namespace.start, namespace.end)
