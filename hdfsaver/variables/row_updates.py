"""Methods of variables that change rows and slices."""

from __future__ import annotations

from typing import cast

from hdfsaver.graph.apply import apply
from hdfsaver.graph.composite_tensors import IndexedSlices
from hdfsaver.graph.tensor import SupportsTensor, Tensor, TensorLike, TensorOperators
from hdfsaver.ops import scatter_ops, state_ops
from hdfsaver.ops.variable_values import of_handle


def _checked(sparse_delta: IndexedSlices) -> IndexedSlices:
    if not isinstance(sparse_delta, IndexedSlices):
        raise TypeError(
            f"sparse_delta is not IndexedSlices: {sparse_delta!r}. "
            "For numbers of rows and their values use tf.scatter_add(variable, indices, updates) and the like."
        )
    return sparse_delta


class RowUpdates(TensorOperators):
    """The methods; a variable inherits them."""

    def _whole(self) -> SupportsTensor:
        """The variable; what has these methods is one."""
        return cast("SupportsTensor", self)

    def scatter_update(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Replace rows.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.scatter_update(self._whole(), delta.indices, delta.values, use_locking, name)

    def scatter_add(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Add to rows.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.scatter_add(self._whole(), delta.indices, delta.values, use_locking, name)

    def scatter_sub(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Subtract from rows.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.scatter_sub(self._whole(), delta.indices, delta.values, use_locking, name)

    def scatter_mul(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Multiply rows.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.scatter_mul(self._whole(), delta.indices, delta.values, use_locking, name)

    def scatter_div(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Divide rows, integers towards zero.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.scatter_div(self._whole(), delta.indices, delta.values, use_locking, name)

    def scatter_min(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Replace rows by the minimum of them and the updates.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.scatter_min(self._whole(), delta.indices, delta.values, use_locking, name)

    def scatter_max(self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None) -> Tensor:
        """Replace rows by the maximum of them and the updates.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.scatter_max(self._whole(), delta.indices, delta.values, use_locking, name)

    def batch_scatter_update(
        self, sparse_delta: IndexedSlices, use_locking: bool = False, name: str | None = None
    ) -> Tensor:
        """Replace slices by indices into the last indexed dimension; see `tf.batch_scatter_update`.

        Parameters
        ----------
        sparse_delta : IndexedSlices
            The numbers of the rows, and the updates.
        use_locking : bool
            Kept as an attribute for TensorFlow.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.

        Raises
        ------
        TypeError
            ``sparse_delta`` is not `IndexedSlices`.
        """
        delta = _checked(sparse_delta)
        return scatter_ops.batch_scatter_update(self._whole(), delta.indices, delta.values, use_locking, name)

    def gather_nd(self, indices: TensorLike, name: str | None = None) -> Tensor:
        """Slices of the value that vectors of indices name.

        Parameters
        ----------
        indices : TensorLike
            The last dimension holds vectors of int32 or int64, one number for each of the first dimensions.
        name : str, optional

        Returns
        -------
        Tensor
            Of shape ``indices.shape[:-1] + shape[indices.shape[-1]:]``.
        """
        return apply("GatherNd", self._whole(), indices, name=name)

    def scatter_nd_update(self, indices: TensorLike, updates: TensorLike, name: str | None = None) -> Tensor:
        """Replace slices that vectors of indices name.

        Parameters
        ----------
        indices : TensorLike
            The last dimension holds vectors of int32 or int64, one number for each of the first dimensions.
        updates : TensorLike
            Of shape ``indices.shape[:-1] + shape[indices.shape[-1]:]``.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.
        """
        return scatter_ops.scatter_nd_update(self._whole(), indices, updates, True, name)

    def scatter_nd_add(self, indices: TensorLike, updates: TensorLike, name: str | None = None) -> Tensor:
        """Add to slices that vectors of indices name.

        Parameters
        ----------
        indices : TensorLike
            The last dimension holds vectors of int32 or int64, one number for each of the first dimensions.
        updates : TensorLike
            Of shape ``indices.shape[:-1] + shape[indices.shape[-1]:]``.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.
        """
        return scatter_ops.scatter_nd_add(self._whole(), indices, updates, True, name)

    def scatter_nd_sub(self, indices: TensorLike, updates: TensorLike, name: str | None = None) -> Tensor:
        """Subtract from slices that vectors of indices name.

        Parameters
        ----------
        indices : TensorLike
            The last dimension holds vectors of int32 or int64, one number for each of the first dimensions.
        updates : TensorLike
            Of shape ``indices.shape[:-1] + shape[indices.shape[-1]:]``.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.
        """
        return scatter_ops.scatter_nd_sub(self._whole(), indices, updates, True, name)

    def scatter_nd_min(self, indices: TensorLike, updates: TensorLike, name: str | None = None) -> Tensor:
        """Replace slices by the minimum of them and the updates.

        Parameters
        ----------
        indices : TensorLike
            The last dimension holds vectors of int32 or int64, one number for each of the first dimensions.
        updates : TensorLike
            Of shape ``indices.shape[:-1] + shape[indices.shape[-1]:]``.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.
        """
        if (variable := of_handle(self)) is not None:
            return variable.scattered("ResourceScatterNdMin", indices, updates, name)
        return apply("ScatterNdMin", self._whole(), indices, updates, name=name, use_locking=True)

    def scatter_nd_max(self, indices: TensorLike, updates: TensorLike, name: str | None = None) -> Tensor:
        """Replace slices by the maximum of them and the updates.

        Parameters
        ----------
        indices : TensorLike
            The last dimension holds vectors of int32 or int64, one number for each of the first dimensions.
        updates : TensorLike
            Of shape ``indices.shape[:-1] + shape[indices.shape[-1]:]``.
        name : str, optional

        Returns
        -------
        Tensor
            A reference to the variable, with the new value.
        """
        if (variable := of_handle(self)) is not None:
            return variable.scattered("ResourceScatterNdMax", indices, updates, name)
        return apply("ScatterNdMax", self._whole(), indices, updates, name=name, use_locking=True)

    def count_up_to(self, limit: int) -> Tensor:
        """Add 1 until the limit is reached, which is an `OutOfRangeError` then; the result is the value before."""
        return state_ops.count_up_to(self._whole(), limit)
