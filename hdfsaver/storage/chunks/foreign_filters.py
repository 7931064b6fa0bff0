"""The filters of a dataset of another program, by their names."""

from __future__ import annotations

import h5py
from h5py import h5p, h5z

from hdfsaver.errors import InvalidArgumentError
from hdfsaver.storage.chunks.filters import NAMES_BY_CODE, Filters, codecs_of

_NAMES = {
    h5z.FILTER_SZIP: "szip",
    h5z.FILTER_NBIT: "nbit",
    h5z.FILTER_SCALEOFFSET: "scaleoffset",
    257: "hzip",
    258: "fpzip",
    305: "lzo",
    32002: "mafisc",
    32003: "snappy",
    32005: "apax",
    32006: "cbf",
    32007: "jpeg-xr",
    32008: "bitshuffle",
    32009: "spdp",
    32010: "lpc-rice",
    32011: "ccsds-123",
    32012: "jpeg-ls",
    32013: "zfp",
    32014: "fpzip",
    32016: "b3d",
    32017: "sz",
    32018: "fcidecomp",
    32019: "jpeg",
    32020: "vbz",
    32021: "fapec",
    32022: "bitgroom",
    32023: "granular bitround",
    32024: "sz3",
    32025: "delta-rice",
    32027: "flac",
    32028: "sperr",
    32029: "terse/prolix",
    32030: "ffmpeg",
}
"""The filters that are not read, by HDF5's registered numbers."""

_BUILT_IN = range(256)
"""Numbers of filters that are part of the HDF5 library; the others are plugins."""

_ASKS_BY_POSITION = tuple(h5py.version.version_tuple[:2]) >= (3, 16)
"""Earlier versions of h5py have no place for all parameters of a filter that is asked for by its position."""

_MAX_PARAMETERS = 16
"""Parameters of a filter that earlier versions of h5py have a place for."""


def filters_of(properties: h5p.PropDCID, part: str) -> Filters:
    """The filters of a dataset, in the order in which they were applied.

    Raises
    ------
    InvalidArgumentError
        A filter is unsupported or applied twice, or there is more than one codec.
    """
    if not properties.get_nfilters():
        return ()
    codes = _codes(properties, part)
    for code in codes:
        if code not in NAMES_BY_CODE:
            raise _refused(part, f"the filter {_described(code)} is not supported", code)
        if codes.count(code) > 1:
            raise _refused(
                part, f"the filter {_described(code)} is applied more than once, which is not supported", code
            )
    filters = tuple(NAMES_BY_CODE[code] for code in codes)
    if len(codecs := codecs_of(filters)) > 1:
        raise _refused(part, f"the codecs {' and '.join(codecs)} are both applied, which is not supported", max(codes))
    return filters


def _codes(properties: h5p.PropDCID, part: str) -> list[int]:
    count = properties.get_nfilters()
    try:
        if _ASKS_BY_POSITION or _are_short(properties, count):
            return [properties.get_filter(position)[0] for position in range(count)]
    except AssertionError:  # in h5py, for more parameters than it has a place for
        pass
    else:
        # More than there are if h5py raises for every number, because of one filter.
        if 0 < len(found := [code for code in _NAMES if _has(properties, code)]) <= count:
            return found
    raise _refused(part, "a filter that is unknown, is applied twice, or has very many parameters is not supported")


def _are_short(properties: h5p.PropDCID, count: int) -> bool:
    """Whether all filters are known and have few parameters."""
    present = [code for code in NAMES_BY_CODE if _has(properties, code)]
    return len(present) == count and all(_is_short(properties, code) for code in present)


def _has(properties: h5p.PropDCID, code: int) -> bool:
    try:
        return properties.get_filter_by_id(code) is not None
    except AssertionError:  # it is there, with many parameters
        return True


def _is_short(properties: h5p.PropDCID, code: int) -> bool:
    try:
        return len(properties.get_filter_by_id(code)[1]) <= _MAX_PARAMETERS
    except AssertionError:
        return False


def _described(code: int) -> str:
    name = NAMES_BY_CODE.get(code) or _NAMES.get(code)
    return f"'{name}' ({code})" if name else f"{code}, which is not registered,"


def _refused(part: str, what: str, code: int = -1) -> InvalidArgumentError:
    plugin = "" if code in _BUILT_IN else " (and its plugin, such as `import hdf5plugin`)"
    return InvalidArgumentError(
        None, None, f"{part}: {what}. Read it with h5py{plugin}, and save the array with `hdfsaver.save_file`."
    )
