"""The contents of image files as pixels, and back."""

from __future__ import annotations

from hdfsaver import dtypes
from hdfsaver.dtypes import DTypeLike
from hdfsaver.graph.apply import apply
from hdfsaver.graph.tensor import Tensor, TensorLike
from hdfsaver.ops.base import dtype_name, scope


def decode_jpeg(
    contents: TensorLike,
    channels: int = 0,
    ratio: int = 1,
    fancy_upscaling: bool = True,
    try_recover_truncated: bool = False,
    acceptable_fraction: float = 1,
    dct_method: str = "",
    name: str | None = None,
) -> Tensor:
    """The pixels of a JPEG file.

    Parameters
    ----------
    contents : TensorLike
        The bytes of the file, a single string.
    channels : {0, 1, 3}
        How many colors the result has; 0 for those of the file.
    ratio : int
        Must be 1 in the run: the file is decoded at its own size.
    fancy_upscaling, try_recover_truncated, acceptable_fraction, dct_method
        Kept in the graph, without effect.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        (height, width, channels), uint8.

    Raises
    ------
    InvalidArgumentError
        In the run: the bytes are not those of an image.
    UnimplementedError
        In the run: the package Pillow is not installed.
    """
    return apply(
        "DecodeJpeg",
        contents,
        name=name,
        channels=channels,
        ratio=ratio,
        fancy_upscaling=fancy_upscaling,
        try_recover_truncated=try_recover_truncated,
        acceptable_fraction=float(acceptable_fraction),
        dct_method=dct_method.encode(),
    )


def decode_png(
    contents: TensorLike, channels: int = 0, dtype: DTypeLike = dtypes.uint8, name: str | None = None
) -> Tensor:
    """The pixels of a PNG file.

    Parameters
    ----------
    contents : TensorLike
        The bytes of the file, a single string.
    channels : {0, 1, 2, 3, 4}
        How many colors the result has; 0 for those of the file.
    dtype : {tf.uint8, tf.uint16}
        The dtype of the result.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        (height, width, channels).

    Raises
    ------
    InvalidArgumentError
        In the run: the bytes are not those of an image.
    UnimplementedError
        In the run: the package Pillow is not installed.
    """
    return apply("DecodePng", contents, name=name, channels=channels, dtype=dtype_name(dtype))


def decode_bmp(contents: TensorLike, channels: int = 0, name: str | None = None) -> Tensor:
    """The pixels of a BMP file.

    Parameters
    ----------
    contents : TensorLike
        The bytes of the file, a single string.
    channels : {0, 1, 3, 4}
        How many colors the result has; 0 for those of the file.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        (height, width, channels), uint8.

    Raises
    ------
    InvalidArgumentError
        In the run: the bytes are not those of an image.
    UnimplementedError
        In the run: the package Pillow is not installed.
    """
    return apply("DecodeBmp", contents, name=name, channels=channels)


def decode_gif(contents: TensorLike, name: str | None = None) -> Tensor:
    """All frames of a GIF file, (frames, height, width, 3) of uint8; see `decode_png`."""
    return apply("DecodeGif", contents, name=name)


def decode_image(
    contents: TensorLike,
    channels: int | None = None,
    dtype: DTypeLike = dtypes.uint8,
    name: str | None = None,
    expand_animations: bool = True,
) -> Tensor:
    """The pixels of a file of any of these formats.

    Parameters
    ----------
    contents : TensorLike
        The bytes of the file, a single string.
    channels : {0, 1, 3, 4}, optional
        How many colors the result has; 0 for those of the file.
    dtype : {tf.uint8, tf.uint16, tf.float32}
        The dtype of the result; floats are from 0 to 1.
    name : str, optional
        The name of the operation.
    expand_animations : bool
        Whether a GIF file gives all of its frames.

    Returns
    -------
    Tensor
        (height, width, channels), or (frames, height, width, 3) for a GIF file.

    Raises
    ------
    InvalidArgumentError
        In the run: the bytes are not those of an image.
    UnimplementedError
        In the run: the package Pillow is not installed.
    """
    with scope(name, "decode_image"):
        return apply(
            "DecodeImage",
            contents,
            channels=channels or 0,
            dtype=dtype_name(dtype),
            expand_animations=expand_animations,
        )


def encode_png(image: TensorLike, compression: int = -1, name: str | None = None) -> Tensor:
    """Pixels as a PNG file.

    Parameters
    ----------
    image : TensorLike
        (height, width, channels), uint8.
    compression : int
        Kept in the graph, without effect.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        The bytes of the file, a single string.

    Raises
    ------
    InvalidArgumentError
        In the run: the image has no pixels or more than four channels.
    """
    return apply("EncodePng", image, name=name, compression=compression)


def encode_jpeg(
    image: TensorLike,
    format: str = "",  # noqa: A002  # TensorFlow's name
    quality: int = 95,
    progressive: bool = False,
    optimize_size: bool = False,
    chroma_downsampling: bool = True,
    density_unit: str = "in",
    x_density: int = 300,
    y_density: int = 300,
    xmp_metadata: str = "",
    name: str | None = None,
) -> Tensor:
    """Pixels as a JPEG file.

    Parameters
    ----------
    image : TensorLike
        (height, width, 1 or 3), uint8.
    format : {"", "grayscale", "rgb"}
        How many channels the image must have.
    quality : int
        From 0 to 100.
    progressive, optimize_size, chroma_downsampling : bool
        How the file is written.
    density_unit : {"in", "cm"}
        Kept in the graph, without effect.
    x_density, y_density : int
        Pixels for each inch.
    xmp_metadata : str
        Kept in the graph, without effect.
    name : str, optional
        The name of the operation.

    Returns
    -------
    Tensor
        The bytes of the file, a single string.

    Raises
    ------
    InvalidArgumentError
        In the run: the image has other channels.
    UnimplementedError
        In the run: the package Pillow is not installed.
    """
    return apply(
        "EncodeJpeg",
        image,
        name=name,
        format=format.encode(),
        quality=quality,
        progressive=progressive,
        optimize_size=optimize_size,
        chroma_downsampling=chroma_downsampling,
        density_unit=density_unit.encode(),
        x_density=x_density,
        y_density=y_density,
        xmp_metadata=xmp_metadata.encode(),
    )
