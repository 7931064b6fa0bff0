"""The command `sign`, and what `verify` says about signatures."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import Annotated, TypedDict

import typer

from hdfsaver.cli.arguments import AsJson
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.errors import InvalidArgumentError
from hdfsaver.escaping import printable
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.formats.open_source import open_source
from hdfsaver.signing.key_files import private_key
from hdfsaver.signing.signing import ENDING, FileSignature, open_with_signature, sign_file

PASSPHRASE = "HDFSAVER_PASSPHRASE"  # noqa: S105 - the name of a variable of the environment
"""The environment variable with the passphrase of a private key; it is never an argument, which others could see."""

PublicKey = Annotated[
    str | None, typer.Option("--key", metavar="FILE", help="The public key of the signer; see `sign`.")
]
Signature = Annotated[
    str | None, typer.Option("--signature", metavar="FILE", help="The signature, if it is not CHECKPOINT.sig.")
]


class SignResult(TypedDict):
    """The result of `sign`.

    Attributes
    ----------
    file : str
    signature : str
        The file with the signature.
    key : str
        The fingerprint of the public key, as `ssh-keygen -l` prints it.
    variables : int
        The number of variables that are signed.
    """

    file: str
    signature: str
    key: str
    variables: int


@command(
    ("Sign a checkpoint.", "hdfsaver sign model.ckpt --key private.pem"),
    result=SignResult,
)
def sign(
    checkpoint: Annotated[str, typer.Argument(metavar="CHECKPOINT", help="A prefix, a file or a folder.")],
    key: Annotated[str, typer.Option("--key", metavar="FILE", help="The private key, in PEM or OpenSSH's format.")],
    out: Annotated[
        Path | None, typer.Option("-o", "--out", metavar="FILE", help="The signature, if not CHECKPOINT.sig.")
    ] = None,
    comment: Annotated[str, typer.Option(help="A line about the file, which is signed too.")] = "",
    as_json: AsJson = False,
) -> None:
    """Sign a checkpoint with an Ed25519 key.

    CHECKPOINT.sig is written beside it. The checkpoint is verified first, and is not changed. `verify --key` checks it
    with the public key. A passphrase is asked for, or taken from the environment variable HDFSAVER_PASSPHRASE. `openssl
    genpkey -algorithm ed25519 -out private.pem` makes a key, `openssl pkey -in private.pem -pubout -out public.pem` its
    public one.
    """
    private = private_key(key, lambda: _passphrase(key))  # before the bar, beside which nothing can be asked
    with progress_bar(checkpoint) as progress:
        done = sign_file(checkpoint, private, signature=out, comment=comment, progress=progress)
    if as_json:
        result = SignResult(file=done.path, signature=done.signature, key=done.key, variables=done.variables)
        say_json("sign", result)
        return
    count = count_of(done.variables, "variable")
    say([f"{done.path} is signed, {count}: {done.signature}, by the key {done.key}."])


def _passphrase(key: str) -> str:
    given = os.environ.get(PASSPHRASE)
    if given is not None:
        return given
    if not sys.stdin.isatty():
        remedy = f"Set {PASSPHRASE}, or use a terminal, which asks for the passphrase."
        raise InvalidArgumentError(None, None, f"{key} is encrypted, and there is no passphrase. {remedy}")
    return getpass.getpass(f"Passphrase of {printable(key)}: ", stream=sys.stderr)


def open_to_verify(checkpoint: str, key: str | None, signature: str | None) -> tuple[TensorFile, FileSignature | None]:
    """Open a file of any kind or, with a key, a checkpoint with its signature.

    Parameters
    ----------
    checkpoint : str
    key, signature : str or None
        The options `--key` and `--signature`.

    Returns
    -------
    file : TensorFile
    signature : FileSignature or None

    Raises
    ------
    typer.BadParameter
        There is a signature without a key.
    OpError
        See `open_with_signature`.
    """
    if key is not None:
        return open_with_signature(checkpoint, key, signature)
    if signature is not None:
        raise typer.BadParameter("--signature needs --key, the public key of the signer.")
    return open_source(checkpoint), None


def signature_line(path: str, signature: FileSignature | None) -> str:
    """The line of `verify` about the signature of a file; empty without one."""
    if signature is not None:
        said = f": {signature.comment}" if signature.comment else "."
        return f"{signature.signature}: all of it is what the key {signature.key} has signed{said}"
    if os.path.isfile(path + ENDING):
        return f"{path + ENDING} is not checked; that needs the public key of its signer (--key)."
    return ""
