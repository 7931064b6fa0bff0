"""Operations that change variables, as formulas: assignments, and the steps of optimizers.

They are those of NumPy's kernels in `hdfsaver.ops`, in the same order, so that every digit is the same.
"""

from __future__ import annotations

from collections.abc import Mapping

from hdfsaver.element_loops.formulas import FLOAT, NUMBER, Formula, larger
from hdfsaver.schema import AttrValue

_HANDLE = "Resource"

_ADAM = """
m = (grad - m) * (1 - beta1) + m
v = (grad * grad - v) * (1 - beta2) + v
rate = lr * sqrt(1 - beta2_power) / (1 - beta1_power)
var = var - {step} * rate / (sqrt(v) + epsilon)
"""

_STEPS = {
    "ApplyAdadelta": (
        "var accum accum_update",
        "lr rho epsilon grad",
        """
        accum = accum * rho + grad * grad * (1 - rho)
        change = sqrt(accum_update + epsilon) / sqrt(accum + epsilon) * grad
        accum_update = accum_update * rho + change * change * (1 - rho)
        var = var - change * lr
        """,
    ),
    "ApplyAdagrad": (
        "var accum",
        "lr grad",
        """
        accum = {accum}
        var = var - grad * lr / sqrt(accum)
        """,
    ),
    "ApplyAdagradV2": (
        "var accum",
        "lr epsilon grad",
        """
        accum = {accum}
        var = var - grad * lr / (sqrt(accum) + epsilon)
        """,
    ),
    "ApplyAdam": ("var m v", "beta1_power beta2_power lr beta1 beta2 epsilon grad", _ADAM),
    "ApplyAdaMax": (
        "var m v",
        "beta1_power lr beta1 beta2 epsilon grad",
        f"""
        m = (grad - m) * (1 - beta1) + m
        decayed = beta2 * v
        size = abs(grad)
        {larger("decayed", "size")}
        v = z
        var = var - lr / (1 - beta1_power) * (m / (v + epsilon))
        """,
    ),
    "ApplyAdamWithAmsgrad": (
        "var m v vhat",
        "beta1_power beta2_power lr beta1 beta2 epsilon grad",
        f"""
        m = (grad - m) * (1 - beta1) + m
        v = (grad * grad - v) * (1 - beta2) + v
        {larger("v", "vhat")}
        vhat = z
        rate = lr * sqrt(1 - beta2_power) / (1 - beta1_power)
        var = var - m * rate / (sqrt(vhat) + epsilon)
        """,
    ),
    "ApplyCenteredRMSProp": (
        "var mg ms mom",
        "lr rho momentum epsilon grad",
        """
        ms = (grad * grad - ms) * (1 - rho) + ms
        mg = (grad - mg) * (1 - rho) + mg
        mom = mom * momentum + grad * lr / sqrt(ms - mg * mg + epsilon)
        var = var - mom
        """,
    ),
    "ApplyGradientDescent": ("var", "alpha delta", "var = var - delta * alpha"),
    "ApplyKerasMomentum": (
        "var accum",
        "lr grad momentum",
        """
        accum = accum * momentum - grad * lr
        var = var + {keras}
        """,
    ),
    "ApplyMomentum": (
        "var accum",
        "lr grad momentum",
        """
        accum = accum * momentum + grad
        var = var - {momentum}
        """,
    ),
    "ApplyRMSProp": (
        "var ms mom",
        "lr rho momentum epsilon grad",
        """
        ms = (grad * grad - ms) * (1 - rho) + ms
        mom = mom * momentum + grad * lr / sqrt(ms + epsilon)
        var = var - mom
        """,
    ),
}
"""The variables, the other inputs, and the formula of a step."""

_NESTEROV = {
    False: {"step": "m", "momentum": "accum * lr", "keras": "accum"},
    True: {
        "step": "(grad * (1 - beta1) + beta1 * m)",
        "momentum": "(grad * lr + accum * momentum * lr)",
        "keras": "(accum * momentum - grad * lr)",
    },
}
"""The parts of steps that look ahead or not."""

_ARRAYS = frozenset({"grad", "delta"})

_CHANGES = {
    "Assign": "value",
    "AssignAdd": "ref + value",
    "AssignAddVariableOp": "ref + value",
    "AssignSub": "ref - value",
    "AssignSubVariableOp": "ref - value",
    "AssignVariableOp": "value",
}


def update_formula_of(op_type: str, attrs: Mapping[str, AttrValue]) -> Formula | None:
    """The formula of an operation that changes variables.

    Parameters
    ----------
    op_type : str
    attrs : mapping
        Its attributes.

    Returns
    -------
    Formula or None
        None where there is none, or not for these dtypes.
    """
    if op_type in _CHANGES:
        dtype = attrs.get("T", attrs.get("dtype"))
        text, by_handle = _CHANGES[op_type], op_type.endswith("Op")
        if dtype not in NUMBER:
            return None
        lines, reads = f"ref = {text}", "ref" in text
        return Formula(("ref", "value"), lines, ("ref",), dtype, 1, reads, whole=True, by_handle=by_handle)
    by_handle = op_type.startswith(_HANDLE)
    variables, others, text = _STEPS.get(op_type.removeprefix(_HANDLE), ("", "", ""))
    dtype = attrs.get("T")
    if not text or dtype not in FLOAT:
        return None
    kept, numbers = tuple(variables.split()), tuple(others.split())
    parts = _NESTEROV[bool(attrs.get("use_nesterov", False))]
    lines = text.format(accum="accum + grad * grad" if attrs.get("update_slots", True) else "accum", **parts)
    scalars = frozenset(numbers) - _ARRAYS
    return Formula(kept + numbers, lines, kept, dtype, len(kept), scalars=scalars, whole=True, by_handle=by_handle)
