"""Small programs with images, run by TensorFlow once and by hdfsaver in every test.

Each is a function of the module that it is to be run with, ``tensorflow.compat.v1`` or ``hdfsaver``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Program = Callable[[Any], Any]


def picture(*shape: int, dtype: str = "float32") -> Any:
    """Pixels that are all different, from 0 to 1 or in the range of an integer dtype."""
    numbers = np.random.default_rng(7).permutation(int(np.prod(shape))).reshape(shape)
    if dtype != "float32":
        return (numbers * 37 % 251).astype(dtype)
    return (numbers / np.float32(numbers.size)).astype(np.float32)


def unknown(tf: Any, value: Any) -> Any:
    """Images whose height and width are only known in the run."""
    return tf.placeholder_with_default(value, [None] * (value.ndim - 1) + [value.shape[-1]])


def resized(tf: Any, dtype: str = "float32") -> list[Any]:
    """Every method, larger and smaller, with every place of the pixels."""
    images = picture(1, 5, 4, 2, dtype=dtype)
    made = []
    for size in ([8, 7], [3, 2], [1, 1]):
        for method in range(4):
            made.append(tf.image.resize_images(images, size, method))
            made.append(tf.image.resize_images(images, size, method, align_corners=True))
    for function in (tf.image.resize_bilinear, tf.image.resize_nearest_neighbor, tf.image.resize_bicubic):
        made += [function(images, size, half_pixel_centers=True) for size in ([8, 7], [3, 2])]
    return made


def resized_graph(tf: Any) -> list[Any]:
    """Images of unknown number, one image, a size that is the same, and functions of one method."""
    x = tf.placeholder("float32", [None, 4, 4, 3], name="x")
    made = [tf.image.resize_images(x, [8, 6], method=method) for method in range(4)]
    made += [tf.image.resize_images(x, (4, 4)), tf.image.resize_bilinear(x, [3, 3], align_corners=True)]
    made += [tf.image.resize_nearest_neighbor(x, [3, 3]), tf.image.resize_bicubic(x, [3, 3])]
    return [*made, tf.image.resize_area(x, [3, 3]), tf.image.resize_images(tf.zeros([4, 4, 3], "uint8"), [8, 6])]


def resized_derivatives(tf: Any) -> list[Any]:
    """Derivatives of the methods that have one, by images and by the derivative."""
    x = tf.constant(picture(2, 5, 4, 3))
    made = []
    for function in (tf.image.resize_bilinear, tf.image.resize_nearest_neighbor, tf.image.resize_bicubic):
        for options in ({}, {"align_corners": True}, {"half_pixel_centers": True}):
            y = function(x, [7, 3], **options)
            made += tf.gradients(y * tf.constant(picture(2, 7, 3, 3)), x)
    return made


def fitted(tf: Any) -> list[Any]:
    """Images whose proportions are kept, with known and unknown sizes."""
    image = picture(5, 4, 3)
    made = []
    for x in (tf.constant(image), unknown(tf, image)):
        made.append(tf.image.resize_images(x, [9, 12], preserve_aspect_ratio=True))
        made.append(tf.image.resize_image_with_pad(x, 9, 12))
    return [*made, tf.image.resize_image_with_pad(tf.constant(image[None]), 3, 9, method=1)]


def regions(tf: Any) -> list[Any]:
    """Parts of images and larger images, of known and unknown sizes, one and a batch."""
    made = []
    for image in (picture(6, 5, 3), picture(2, 6, 5, 3)):
        for x in (tf.constant(image), unknown(tf, image)):
            made += [tf.image.central_crop(x, 0.5), tf.image.central_crop(x, 0.87), tf.image.central_crop(x, 1.0)]
            made += [tf.image.crop_to_bounding_box(x, 1, 2, 3, 2), tf.image.pad_to_bounding_box(x, 1, 2, 9, 8)]
            for size in ((4, 9), (9, 3), (6, 5), (3, 2), (8, 8)):
                made.append(tf.image.resize_image_with_crop_or_pad(x, *size))
    return made


def crops(tf: Any) -> list[Any]:
    """Boxes inside, outside and turned over, both methods, with derivatives."""
    images = tf.constant(picture(2, 5, 4, 2))
    boxes = tf.constant([[0.1, 0.2, 0.9, 0.7], [0.6, 0.8, 0.1, -0.3], [0.0, 0.0, 1.0, 1.0]])
    made = []
    for size in ([3, 4], [1, 1]):
        for method in ("bilinear", "nearest"):
            cropped = tf.image.crop_and_resize(images, boxes, [0, 1, 1], size, method, extrapolation_value=0.5)
            made.append(cropped)
        weights = tf.constant(picture(3, *size, 2))
        linear = tf.image.crop_and_resize(images, boxes, [0, 1, 1], size)
        made += tf.gradients(linear * weights, [images, boxes])
        made += tf.gradients(tf.image.crop_and_resize(images, boxes, [0, 1, 1], size, "nearest") * weights, [images])
    return made


def suppressed(tf: Any) -> list[Any]:
    """Boxes that overlap, with and without thresholds."""
    boxes = [[0, 0, 1, 1], [0, 0.1, 1, 1.1], [0, -0.1, 1, 0.9], [0, 10, 1, 11], [0, 10.1, 1, 11.1], [1, 101, 0, 100.0]]
    scores = [0.9, 0.75, 0.6, 0.95, 0.5, 0.3]
    choose = tf.image.non_max_suppression
    return [choose(boxes, scores, 3), choose(boxes, scores, 30, 0.9), choose(boxes, scores, 30, 0.5, 0.4)]


def patches(tf: Any) -> list[Any]:
    """Windows with both paddings, and their derivatives."""
    x = tf.constant(picture(2, 5, 6, 2))
    made = []
    for padding in ("SAME", "VALID"):
        for sizes, strides, rates in (
            ([1, 2, 3, 1], [1, 2, 1, 1], [1] * 4),
            ([1, 2, 2, 1], [1, 3, 2, 1], [1, 2, 3, 1]),
        ):
            y = tf.extract_image_patches(x, sizes, strides, rates, padding)
            made += [y, *tf.gradients(tf.square(y), x)]
    return made


def turned(tf: Any) -> list[Any]:
    """Mirrored, turned and transposed images, one and a batch."""
    made = []
    for pixels in (picture(4, 3, 2), picture(2, 4, 3, 2)):
        image = tf.constant(pixels)
        made += [tf.image.flip_left_right(image), tf.image.flip_up_down(image), tf.image.transpose_image(image)]
        made += [tf.image.rot90(image, quarters) for quarters in (-1, 0, 1, 2, 3)]
    return made


def turned_graph(tf: Any) -> list[Any]:
    """The operations of mirrored, turned and transposed images."""
    x = tf.placeholder("float32", [4, 4, 3], name="x")
    b = tf.placeholder("float32", [None, 4, 4, 3], name="b")
    made = [tf.image.flip_left_right(x), tf.image.flip_up_down(b), tf.image.transpose_image(x), tf.image.rot90(b)]
    return [*made, tf.image.total_variation(b), tf.image.per_image_standardization(x)]


def colored(tf: Any) -> list[Any]:
    """Changes of colors, of floats and of integers."""
    made = []
    for pixels in (picture(3, 4, 3), picture(3, 4, 3, dtype="uint8"), picture(2, 3, 4, 3)):
        image = tf.constant(pixels)
        made += [tf.image.adjust_brightness(image, 0.2), tf.image.adjust_brightness(image, -0.3)]
        made += [tf.image.adjust_contrast(image, factor) for factor in (0.0, 0.5, 2.0)]
        made += [tf.image.adjust_hue(image, delta) for delta in (-0.9, 0.1, 0.5)]
        made += [tf.image.adjust_saturation(image, factor) for factor in (0.0, 0.5, 3.0)]
        made += [tf.image.adjust_gamma(image, 2.0), tf.image.adjust_gamma(image, 0.5, 2.0)]
        made += [tf.image.rgb_to_grayscale(image), tf.image.grayscale_to_rgb(image[..., :1])]
        made += [tf.image.per_image_standardization(image)]
    return made


def color_systems(tf: Any) -> list[Any]:
    """Red, green and blue in other systems, and back."""
    image = np.concatenate([picture(3, 4, 3), np.zeros((3, 1, 3), "float32"), np.full((3, 1, 3), 0.5, "float32")], 1)
    made = []
    for system in ("hsv", "yiq", "yuv"):
        parts = getattr(tf.image, f"rgb_to_{system}")(image)
        made += [parts, getattr(tf.image, f"{system}_to_rgb")(parts)]
    return made


def pixel_dtypes(tf: Any) -> list[Any]:
    """Pixels from each dtype to each."""
    made = []
    for dtype in ("uint8", "int16", "float32", "float16", "int32", "uint16"):
        values = tf.constant([0, 1, 100], dtype) if dtype[0] != "f" else tf.constant([0.0, 0.4, 1.0], dtype)
        made += [tf.image.convert_image_dtype(values, other) for other in ("uint8", "int16", "float32", "float64")]
    return [*made, tf.image.convert_image_dtype([-0.5, 0.5, 1.5], "uint8", saturate=True)]


def measured(tf: Any) -> list[Any]:
    """Numbers about images and pairs of them."""
    a = picture(2, 12, 13, 2)
    a, b = tf.constant(a), tf.constant(a[::-1].copy())
    c = picture(12, 13, 3, dtype="uint8")
    made = [tf.image.total_variation(a), tf.image.total_variation(a[0]), *tf.image.image_gradients(a)]
    made += [tf.image.sobel_edges(a), tf.image.psnr(a, b, 1.0), tf.image.psnr(c, c // 2, 255)]
    return [*made, tf.image.ssim(a, b, 1.0), tf.image.ssim(tf.constant(c), tf.constant(c // 2), 255, filter_size=5)]


PROGRAMS: dict[str, Program] = {
    "resized_graph": resized_graph,
    "turned_graph": turned_graph,
}
"""Programs whose graphs are TensorFlow's, name by name."""

RESULTS: dict[str, Program] = {
    "resized": resized,
    "resized_bytes": lambda tf: resized(tf, "uint8"),
    "resized_derivatives": resized_derivatives,
    "fitted": fitted,
    "regions": regions,
    "crops": crops,
    "suppressed": suppressed,
    "patches": patches,
    "turned": turned,
    "colored": colored,
    "color_systems": color_systems,
    "pixel_dtypes": pixel_dtypes,
    "measured": measured,
}
"""Programs whose results are TensorFlow's."""
