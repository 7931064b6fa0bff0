"""``tf.train.replica_device_setter``: the names of devices that a cluster would have."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from hdfsaver.graph.device_spec import DeviceSpec
from hdfsaver.graph.operation import Operation
from hdfsaver.messages import message_classes
from hdfsaver.training import tf_logging as log

Cluster: TypeAlias = Mapping[str, Sequence[str] | Mapping[int, str]]
"""For each job the addresses of its tasks."""

_PS_OPS = (
    *("Variable", "VariableV2", "AutoReloadVariable", "MutableHashTable", "MutableHashTableV2"),
    *("MutableHashTableOfTensors", "MutableHashTableOfTensorsV2", "MutableDenseHashTable", "MutableDenseHashTableV2"),
    *("VarHandleOp", "BoostedTreesEnsembleResourceHandleOp", "BoostedTreesQuantileStreamResourceHandleOp"),
    *("ResourceConditionalAccumulator", "DecisionTreeResource"),
)


class ClusterSpec:
    """The jobs of a cluster and the addresses of their tasks: names only, as nothing is connected.

    Parameters
    ----------
    cluster : dict of str to list of str, ClusterDef or ClusterSpec
        A dict from numbers to addresses may stand for a list.

    Raises
    ------
    TypeError
        It is something else, or a name or an address is not a string.
    """

    def __init__(self, cluster: Cluster | message_classes.ClusterDef | ClusterSpec) -> None:
        self._message: message_classes.ClusterDef | None = None
        if isinstance(cluster, ClusterSpec):
            cluster = cluster.as_dict()
        elif not isinstance(cluster, Mapping) and isinstance(cluster, message_classes.ClusterDef):
            self._message = cluster
            cluster = {job.name: dict(job.tasks) for job in cluster.job}
        if not isinstance(cluster, Mapping):
            raise TypeError(
                "`cluster` must be a dictionary mapping one or more job names to lists of network addresses, or a "
                "`ClusterDef` protocol buffer."
            )
        self._tasks = {job: _numbered(job, tasks) for job, tasks in cluster.items()}

    def as_cluster_def(self) -> message_classes.ClusterDef:
        """The cluster as a message, the same one each time; the one that it was made of."""
        if self._message is None:
            self._message = message_classes.ClusterDef()
            for job, tasks in sorted(self._tasks.items()):
                self._message.job.add(name=job, tasks=tasks)
        return self._message

    def as_dict(self) -> dict[str, list[str] | dict[int, str]]:
        """The addresses of each job: a list where the tasks are numbered from 0, otherwise a dict."""
        return {
            job: list(tasks.values()) if list(tasks) == list(range(len(tasks))) else dict(tasks)
            for job, tasks in self._tasks.items()
        }

    @property
    def jobs(self) -> list[str]:
        """The names of the jobs."""
        return list(self._tasks)

    def num_tasks(self, job_name: str) -> int:
        """The number of tasks of a job; `ValueError` where there is no such job."""
        return len(self._of(job_name))

    def task_indices(self, job_name: str) -> list[int]:
        """The numbers of the tasks of a job, in order; `ValueError` where there is no such job."""
        return list(self._of(job_name))

    def task_address(self, job_name: str, task_index: int) -> str:
        """The address of a task; `ValueError` where there is no such job or task."""
        tasks = self._of(job_name)
        if task_index not in tasks:
            raise ValueError(f"No task with index {task_index!r} in job {job_name!r}.")
        return tasks[task_index]

    def job_tasks(self, job_name: str) -> list[str | None]:
        """The addresses of a job by number, None where one is missing; `ValueError` where there is no such job."""
        tasks = self._of(job_name)
        return [tasks.get(number) for number in range(max(tasks, default=-1) + 1)]

    def _of(self, job_name: str) -> dict[int, str]:
        if job_name not in self._tasks:
            raise ValueError(f"No such job in cluster: {job_name!r}.")
        return self._tasks[job_name]

    def __bool__(self) -> bool:
        return bool(self._tasks)

    def __eq__(self, other: object) -> bool:
        return self._tasks == (other._tasks if isinstance(other, ClusterSpec) else other)

    def __hash__(self) -> int:
        return hash(tuple(self._tasks))

    def __repr__(self) -> str:
        return f"ClusterSpec({self.as_dict()!r})"


def _numbered(job: str, tasks: Sequence[str] | Mapping[int, str]) -> dict[int, str]:
    items = sorted(tasks.items()) if isinstance(tasks, Mapping) else list(enumerate(tasks))
    if isinstance(tasks, str) or not all(isinstance(number, int) for number, _ in items):
        raise TypeError(f"The tasks of job {job!r} are a list of addresses, or a dict from numbers to addresses.")
    for what, text in [("Job name", job), *(("Task address", address) for _, address in items)]:
        if not isinstance(text, str | bytes):
            raise TypeError(f"{what} {text!r} must be bytes or unicode.")
    return dict(items)


def replica_device_setter(
    ps_tasks: int = 0,
    ps_device: str = "/job:ps",
    worker_device: str = "/job:worker",
    merge_devices: bool = True,
    cluster: Cluster | message_classes.ClusterDef | ClusterSpec | None = None,
    ps_ops: Sequence[str] | None = None,
    ps_strategy: Callable[[Operation], int] | None = None,
) -> Callable[[Operation], str] | None:
    """A function for `tf.device` that spreads variables over parameter servers. Devices are names here.

    Parameters
    ----------
    ps_tasks : int
        How many parameter servers there are; the cluster says it where there is one.
    ps_device, worker_device : str
        The devices of variables and of other operations.
    merge_devices : bool
        Whether the parts of a device that an inner block asks for are completed; otherwise such a device stays.
    cluster : ClusterSpec, ClusterDef or dict of str to list of str, optional
        For each job the addresses of its tasks.
    ps_ops : list of str, optional
        The types of operations that belong to parameter servers: those of variables by default.
    ps_strategy : callable, optional
        Takes an operation and gives the number of its parameter server; in turn by default.

    Returns
    -------
    callable or None
        None where there are no parameter servers: `tf.device(None)` cancels outer blocks.

    Raises
    ------
    TypeError
        The cluster is not a dict, or the strategy cannot be called.
    """
    if cluster is not None:
        tasks = ClusterSpec(cluster).as_dict().get(DeviceSpec.from_string(ps_device).job or "")
        if tasks is None:
            return None
        ps_tasks = len(tasks)
    if ps_tasks == 0:
        return None
    if not merge_devices:
        log.warning("DEPRECATION: It is recommended to set merge_devices=true in replica_device_setter.")
    strategy = _in_turn(ps_tasks) if ps_strategy is None else ps_strategy
    if not callable(strategy):
        raise TypeError("ps_strategy must be callable")
    served = frozenset(_PS_OPS if ps_ops is None else ps_ops)

    def device_function(op: Operation) -> str:
        if op.device and not merge_devices:
            return op.device
        current = DeviceSpec.from_string(op.device)
        if not ps_device or op.type not in served:
            return DeviceSpec.from_string(worker_device).make_merged_spec(current).to_string()
        server = DeviceSpec.from_string(ps_device)
        if server.job and current.job in (None, "", server.job):
            server.task = strategy(op)
        return server.make_merged_spec(current).to_string()

    return device_function


def _in_turn(tasks: int) -> Callable[[Operation], int]:
    numbers: Iterator[int] = itertools.cycle(range(tasks))
    return lambda op: next(numbers)
