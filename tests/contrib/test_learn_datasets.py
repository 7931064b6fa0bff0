"""Small data sets in files with commas, sizes of variables, and the file of TensorBoard's projector."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import hdfsaver as tf


def test_files_with_and_without_a_first_line(tmp_path: Path) -> None:
    """The target is in the last column, or in another one."""
    path = tmp_path / "rows.csv"
    path.write_text("2,3,names\n1,2,3,0\n4,5,6.5,1\n", encoding="utf-8")
    base = tf.contrib.learn.datasets.base
    found = base.load_csv_with_header(path, np.int64, np.float32)
    assert ([[1, 2, 3], [4, 5, 6.5]], [0, 1]) == (found.data.tolist(), found.target.tolist())
    assert ["float32", "int64"] == [array.dtype.name for array in found]
    assert [0, 1] == tf.contrib.learn.datasets.load_iris(path).target.tolist()
    assert [0.0, 1.0] == tf.contrib.learn.datasets.load_boston(path).target.tolist()
    path.write_text("1,2\n3,4\n", encoding="utf-8")
    found = base.load_csv_without_header(path, np.int32, np.float64, target_column=0)
    assert ([[2], [4]], [1, 3]) == (found.data.tolist(), found.target.tolist())


@pytest.mark.parametrize("text", ["3,1\n1,2\n", "1,5\n1,2\n", "a,b\n", ""])
def test_a_first_line_that_is_wrong(tmp_path: Path, text: str) -> None:
    """Nothing is made of the size that it says before the rows are read."""
    path = tmp_path / "rows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(tf.errors.DataLossError, match=r"rows.csv (says|does not begin)"):
        tf.contrib.learn.datasets.base.load_csv_with_header(path, np.int64, np.float32)


def test_data_that_are_not_there(tmp_path: Path) -> None:
    """Each error says what to give; nothing is downloaded."""
    datasets = tf.contrib.learn.datasets
    with pytest.raises(tf.errors.NotFoundError, match=r"load_boston\(data_path\)"):
        datasets.load_dataset("boston")
    with pytest.raises(ValueError, match="There are boston, iris, mnist"):
        datasets.load_dataset("other")
    with pytest.raises(tf.errors.NotFoundError, match="nothing is downloaded here"):
        datasets.base.maybe_download("a.csv", str(tmp_path), "http://example.com/a.csv")
    (tmp_path / "a.csv").touch()
    assert str(tmp_path / "a.csv") == datasets.base.maybe_download("a.csv", str(tmp_path), "")


def test_sizes_of_variables_and_results(capsys: pytest.CaptureFixture[str]) -> None:
    """Numbers of elements and of bytes, and a line for each."""
    variables = [tf.Variable(np.zeros((2, 3), np.float32), name="a"), tf.Variable(np.zeros((), np.int64), name="b")]
    analyzer = tf.contrib.slim.model_analyzer
    assert (7, 32) == analyzer.analyze_vars(variables, print_info=True)
    assert "a:0 (float32_ref 2x3) [6, bytes: 24]\n" in capsys.readouterr().out
    assert 28 == analyzer.analyze_ops(tf.get_default_graph(), print_info=True)
    assert "a/read \t-> (float32 2x3) [6]\n" in capsys.readouterr().out


def test_settings_of_the_projector(tmp_path: Path) -> None:
    """The text that TensorBoard reads beside the event files."""
    projector = tf.contrib.tensorboard.plugins.projector
    config = projector.ProjectorConfig(model_checkpoint_path="model")
    embedding = config.embeddings.add(tensor_name="words", metadata_path="names.tsv")
    embedding.sprite.single_image_dim.extend([28, 28])
    with tf.summary.FileWriter(tmp_path) as writer:
        projector.visualize_embeddings(writer, config)
    expected = (
        'model_checkpoint_path: "model"\nembeddings {\n  tensor_name: "words"\n  metadata_path: "names.tsv"\n'
        "  sprite {\n    single_image_dim: 28\n    single_image_dim: 28\n  }\n}\n"
    )
    assert expected == (tmp_path / "projector_config.pbtxt").read_text(encoding="utf-8")
    with pytest.raises(TypeError, match="must be a ProjectorConfig, not str"):
        projector.visualize_embeddings(tmp_path, "words")
