"""All commands, in the order of the help: a line for each, and a file that is imported when it is used."""

from __future__ import annotations

from hdfsaver.cli.command_group import Entry

_LOOK, _CHECK, _CHANGE, _USE = "Look", "Check and repair", "Change and convert", "Use"

COMMANDS = (
    Entry("ls", "ls_command", _LOOK, "List the arrays of a file, with their sizes and totals."),
    Entry("info", "info_command", _LOOK, "Describe a file: kind, sizes, graph, digests, and what has made it."),
    Entry("show", "show_command", _LOOK, "Show arrays: what they are, their statistics and their values."),
    Entry("diff", "diff_command", _LOOK, "Compare two files: their arrays, and their graphs."),
    Entry("graph", "graph_command", _LOOK, "Describe a graph: inputs, outputs, and operations by type."),
    Entry("history", "history_command", _LOOK, "List the checkpoints of a folder, and what changed between them."),
    Entry("latest", "latest_command", _LOOK, "Print the prefix of the newest checkpoint of a folder."),
    Entry("view", "view_command", _LOOK, "Show a model in the browser: its graph and its arrays."),
    Entry("verify", "verify_command", _CHECK, "Read everything and compare it with the digests of the file."),
    Entry("sign", "sign_command", _CHECK, "Sign a checkpoint with an Ed25519 key."),
    Entry("reseal", "reseal_command", _CHECK, "Accept the changes of another program to a checkpoint."),
    Entry("salvage", "salvage_command", _CHECK, "Write the intact part of a damaged checkpoint to a new file."),
    Entry("convert", "convert_command", _CHANGE, "Convert a file to another format."),
    Entry("strip", "strip_command", _CHANGE, "Leave out slots of optimizers, arrays, or the graph."),
    Entry("rename", "rename_command", _CHANGE, "Give arrays other names."),
    Entry("merge", "merge_command", _CHANGE, "Put the arrays of several files into one."),
    Entry("average", "average_command", _CHANGE, "Average the checkpoints of one run."),
    Entry("cast", "cast_command", _CHANGE, "Convert real numbers to another dtype."),
    Entry("compress", "compress_command", _CHANGE, "Compress the values of a checkpoint, or undo that."),
    Entry("run", "run_command", _USE, "Run a program written for TensorFlow 1, unchanged."),
)
