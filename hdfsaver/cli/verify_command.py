"""The command `verify`."""

from __future__ import annotations

from typing import TypedDict

from hdfsaver.cli.arguments import Anything, AsJson
from hdfsaver.cli.command_form import command
from hdfsaver.cli.json_output import say_json
from hdfsaver.cli.progress_bar import progress_bar
from hdfsaver.cli.sign_command import PublicKey, Signature, open_to_verify, signature_line
from hdfsaver.cli.terminal_text import count_of, say
from hdfsaver.errors import without_secrets


class VerifyResult(TypedDict):
    """The result of `verify` for a file in which nothing is damaged.

    Attributes
    ----------
    file : str
    kind : str
        The kind of file.
    arrays : int
        The number of arrays that were read.
    checksums : str
        Name of the compared values, such as "digests"; empty where the file has nothing to compare.
    not_checked : dict of str to str
        The reason for each element that cannot be read.
    signed_by : str or None
        The fingerprint of the key that has signed all of it; None without `--key`.
    """

    file: str
    kind: str
    arrays: int
    checksums: str
    not_checked: dict[str, str]
    signed_by: str | None


@command(
    ("Check a checkpoint.", "hdfsaver verify model.ckpt"),
    ("Check that a key has signed it.", "hdfsaver verify model.ckpt --key public.pem"),
    result=VerifyResult,
)
def verify(checkpoint: Anything, key: PublicKey = None, signature: Signature = None, as_json: AsJson = False) -> None:
    """Read everything and compare it with the digests of the file.

    The digests or checksums are those that the format has. With `--key`, everything is compared with the signature of
    that key as well. The exit status is 1 if anything differs.
    """
    opened, signed = open_to_verify(checkpoint, key, signature)
    with opened as file, progress_bar(checkpoint) as progress:
        file.verify(progress=progress)
        result = VerifyResult(
            file=without_secrets(file.path),
            kind=file.kind,
            arrays=len(file.variables),
            checksums=file.checksums,
            not_checked={name: error.message for name, error in file.unreadable.items()},
            signed_by=signed.key if signed else None,
        )
    if as_json:
        say_json("verify", result)
        return
    found = f"all {file.checksums} match" if file.checksums else "no digests to compare; all values can be read"
    say([f"{result['file']}: {file.kind}, {count_of(result['arrays'], 'array')}, {found}."])
    say(f"{name} is not checked: {why}" for name, why in result["not_checked"].items())
    said = signature_line(result["file"], signed)
    if said:
        say([said])
