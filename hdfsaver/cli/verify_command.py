"""The command `verify`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, TypedDict

import typer

from hdfsaver.cli import exit_codes
from hdfsaver.cli.arguments import AsJson
from hdfsaver.cli.column_text import aligned
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.cli.sign_command import PublicKey, Signature, open_to_verify, signature_line
from hdfsaver.cli.terminal_text import complain, count_of, say
from hdfsaver.errors import OpError, without_secrets
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.inspection.file_facts import algorithm


class CheckForm(TypedDict):
    """A part of a file that was checked.

    Attributes
    ----------
    part : str
    digest : str
        The algorithm; empty where the part was only read.
    elements : int or None
        The number of digests, or of arrays that were read; null where that is not known.
    nbytes : int or None
        The bytes that they are of; null where that is not known.
    """

    part: str
    digest: str
    elements: int | None
    nbytes: int | None


class VerifiedForm(TypedDict):
    """A file that was checked.

    Attributes
    ----------
    file : str
    kind : str
        The kind of file; empty if it could not be opened.
    arrays : int
        The number of arrays.
    checked : list of CheckForm
        All that was checked and found right; empty if anything is wrong.
    not_checked : dict of str to str
        The reason for each element that cannot be read.
    signed_by : str or None
        The fingerprint of the key that has signed all of it; null without `--key`.
    error : str
        The error; empty if everything is right.
    """

    file: str
    kind: str
    arrays: int
    checked: list[CheckForm]
    not_checked: dict[str, str]
    signed_by: str | None
    error: str


class VerifyResult(TypedDict):
    """The result of `verify`.

    Attributes
    ----------
    files : list of VerifiedForm
    """

    files: list[VerifiedForm]


@command(
    ("Check a checkpoint.", "hdfsaver verify model.ckpt"),
    ("Check several files of any kinds.", "hdfsaver verify old.ckpt half.npz training/model.ckpt-200"),
    ("Check that a key has signed a checkpoint.", "hdfsaver verify model.ckpt --key public.pem"),
    result=VerifyResult,
)
def verify(
    checkpoints: Annotated[
        list[str], typer.Argument(metavar="CHECKPOINT", help="Prefixes, files or folders of any known kind.")
    ],
    key: PublicKey = None,
    signature: Signature = None,
    as_json: AsJson = False,
) -> None:
    """Read everything and compare it with the digests of the file.

    The digests or checksums are those that the format has: XXH3-64 in checkpoints of hdfsaver, where they cover every
    byte; CRC-32C in those of TensorFlow; CRC-32 in archives of NumPy, PyTorch and Keras. Others, such as safetensors,
    have none: their values are read, and nothing is compared. With `--key`, everything is compared with the signature
    of that key as well. The exit status is 1 if anything differs.
    """
    if signature is not None and len(checkpoints) > 1:
        raise typer.BadParameter("--signature is the signature of one file; check several one at a time.")
    found, status = [], 0
    for checkpoint in checkpoints:
        about_signature = ""
        try:
            result, about_signature = _verified(checkpoint, key, signature)
        except (OpError, ImportError, ValueError) as error:
            if len(checkpoints) == 1 and not as_json:
                raise
            status = max(status, exit_codes.status_of(error))
            result = _failed(checkpoint, exit_codes.sentence(error))
            if not as_json:
                complain(result["error"])
        found.append(result)
        if not as_json and not result["error"]:
            say(_lines(result, about_signature))
    if as_json:
        say_json("verify", VerifyResult(files=found))
    if status:
        raise typer.Exit(int(status))


def _verified(checkpoint: str, key: str | None, signature: str | None) -> tuple[VerifiedForm, str]:
    """The form of a file that was checked, and the line about its signature."""
    opened, signed = open_to_verify(checkpoint, key, signature)
    with opened as file, progress_bar(checkpoint) as progress:
        file.verify(progress=progress)
        form = VerifiedForm(
            file=without_secrets(file.path),
            kind=file.kind,
            arrays=len(file.variables),
            checked=list(_checks(file)),
            not_checked={name: error.message for name, error in file.unreadable.items()},
            signed_by=signed.key if signed else None,
            error="",
        )
    return form, signature_line(file.path, signed)


def _failed(checkpoint: str, error: str) -> VerifiedForm:
    file = without_secrets(checkpoint)
    return VerifiedForm(file=file, kind="", arrays=0, checked=[], not_checked={}, signed_by=None, error=error)


def _checks(file: TensorFile) -> Iterator[CheckForm]:
    digest = algorithm(file)
    arrays, nbytes = len(file.variables), sum(entry.nbytes for entry in file.variables.values())
    if file.sealed:
        groups = [group for group in file.groups() if group != file.group]
        for group in groups:
            with file.model(group) as model:
                arrays += len(model.variables)
                nbytes += sum(entry.nbytes for entry in model.variables.values())
        yield CheckForm(part="values", digest=digest, elements=arrays, nbytes=nbytes)
        yield CheckForm(part="all other bytes of the file", digest=digest, elements=1, nbytes=None)
    elif digest:
        yield CheckForm(part="values", digest=digest, elements=arrays, nbytes=nbytes)
        others = "blocks of the index" if file.kind.startswith("TensorFlow") else "other members of the archive"
        yield CheckForm(part=others, digest=digest, elements=None, nbytes=None)
    else:
        yield CheckForm(part="values", digest="", elements=arrays, nbytes=nbytes)


def _lines(result: VerifiedForm, about_signature: str) -> Iterator[str]:
    found = "no digests to compare; all values can be read"
    digests = {check["digest"] for check in result["checked"]} - {""}
    if digests:
        found = "all digests match" if digests == {"XXH3-64"} else "all checksums match"
    yield f"{result['file']}: {result['kind']}, {count_of(result['arrays'], 'array')}, {found}."
    rows = [["  checked", "digest", "elements", "bytes"]]
    for check in result["checked"]:
        nbytes = "" if check["nbytes"] is None else f"{check['nbytes']:,}"
        elements = "" if check["elements"] is None else f"{check['elements']:,}"
        rows.append([f"  {check['part']}", check["digest"] or "none", elements, nbytes])
    yield from aligned(rows)
    yield from (f"{name} is not checked: {why}" for name, why in result["not_checked"].items())
    if about_signature:
        yield about_signature
