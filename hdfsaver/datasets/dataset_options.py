"""``tf.data.Options``: settings about the speed of datasets. All are accepted, and nothing changes."""

from __future__ import annotations

from typing import Any, ClassVar


class _Accepted:
    """Settings that are kept unchanged; others than those of TensorFlow are refused."""

    _names: ClassVar[frozenset[str]] = frozenset()

    def __setattr__(self, name: str, value: Any) -> None:
        if name not in self._names:
            raise AttributeError(f"Cannot set the property {name} on {type(self).__name__}.")
        super().__setattr__(name, value)

    def __getattr__(self, name: str) -> Any:
        if name not in self._names:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return None

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and vars(other) == vars(self)

    __hash__ = None  # type: ignore[assignment]


class OptimizationOptions(_Accepted):
    """How TensorFlow is to rewrite datasets."""

    _names = frozenset(
        {
            *(
                "apply_default_optimizations",
                "autotune",
                "autotune_buffers",
                "autotune_cpu_budget",
                "autotune_ram_budget",
            ),
            *("filter_fusion", "filter_with_random_uniform_fusion"),
            *("inject_prefetch", "map_and_batch_fusion", "map_and_filter_fusion", "map_fusion", "map_parallelization"),
            *("map_vectorization", "noop_elimination", "parallel_batch", "seq_interleave_prefetch"),
            *("shuffle_and_repeat_fusion", "warm_start"),
        }
    )


class ThreadingOptions(_Accepted):
    """How many threads TensorFlow is to use."""

    _names = frozenset({"max_intra_op_parallelism", "private_threadpool_size"})


class DistributeOptions(_Accepted):
    """How TensorFlow is to divide datasets among workers."""

    _names = frozenset({"auto_shard", "auto_shard_policy", "num_devices"})


class StatsOptions(_Accepted):
    """The numbers that TensorFlow is to measure."""

    _names = frozenset({"aggregator", "counter_prefix", "latency_all_edges", "prefix"})


_PARTS = {
    "autotune": _Accepted,
    "experimental_distribute": DistributeOptions,
    "experimental_optimization": OptimizationOptions,
    "experimental_stats": StatsOptions,
    "experimental_threading": ThreadingOptions,
    "threading": ThreadingOptions,
}


class Options(_Accepted):
    """Settings about the speed of a dataset, for `Dataset.with_options`."""

    _names = frozenset(
        {
            *_PARTS,
            *("deterministic", "experimental_deterministic", "experimental_external_state_policy"),
            *(
                "experimental_numa_aware",
                "experimental_slack",
                "dataset_name",
                "framework_type",
                "experimental_warm_start",
            ),
        }
    )

    def __getattr__(self, name: str) -> Any:
        if name in _PARTS:
            setattr(self, name, _PARTS[name]())
            return vars(self)[name]
        return super().__getattr__(name)

    def merge(self, options: Options) -> Options:
        """These settings and others, which come before these."""
        if not isinstance(options, Options):
            raise TypeError(f"Options are of the class Options, not {type(options).__name__}.")
        merged = Options()
        for given in (self, options):
            for name, value in vars(given).items():
                setattr(merged, name, value)
        return merged
