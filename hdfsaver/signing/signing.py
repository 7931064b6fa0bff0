"""Signing a checkpoint, and opening one with the public key of its signer."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from hdfsaver.errors import AlreadyExistsError, InvalidArgumentError, NotFoundError, UnauthenticatedError
from hdfsaver.files.atomic_write import write_atomically
from hdfsaver.files.error_context import about
from hdfsaver.files.extras import library
from hdfsaver.files.opening import Opened, end_reading, is_there, open_any, read_regular
from hdfsaver.files.progress import Callback
from hdfsaver.files.remote.names import RemoteName, sharing
from hdfsaver.files.tensor_file import TensorFile
from hdfsaver.reading.checkpoint_names import PathLike, Source, as_prefix, as_source
from hdfsaver.reading.find_checkpoint import locate, not_found, resolve
from hdfsaver.signing import key_files, signature_table
from hdfsaver.signing.hashed_source import HashedSource
from hdfsaver.signing.key_files import Passphrase
from hdfsaver.signing.signature_table import Table
from hdfsaver.signing.signed_source import SignedSource
from hdfsaver.storage import groups, seal
from hdfsaver.storage.hdf5.superblock import open_hdf5
from hdfsaver.storage.seal import Seal

ENDING = ".sig"
"""What the name of a signature ends with, behind the whole name of the checkpoint."""


class FileSignature(NamedTuple):
    """A signature that was made, or checked.

    Attributes
    ----------
    path : str
        The checkpoint.
    signature : str
        The signature file.
    key : str
        The fingerprint of the key, as ``ssh-keygen -l`` prints it: ``SHA256:...``.
    comment : str
        What the signer has said about the file; empty without a comment.
    variables : int
        The number of variables of all models.
    """

    path: str
    signature: str
    key: str
    comment: str
    variables: int


def sign_file(
    path: PathLike,
    key: Any,
    *,
    signature: PathLike | None = None,
    comment: str = "",
    passphrase: Passphrase = None,
    progress: Callback | None = None,
) -> FileSignature:
    """Sign a checkpoint: write a file beside it that proves who has signed which bytes.

    The checkpoint is verified first, and is not changed. The signature has a table of SHA-256 digests, one for each
    variable and one for everything else, so that a variable can be proved alone; see ``docs/signing.md``.

    Parameters
    ----------
    path : path
        The file, or the prefix of a checkpoint; a folder stands for its latest one.
    key : path or Ed25519PrivateKey
        The private key: a file in PEM or OpenSSH's format, or a key of the library `cryptography`.
    signature : path, optional
        The file to write; by default that of the checkpoint with ``.sig`` behind its name. An earlier signature is
        replaced when the new one is complete, and no other file is.
    comment : str, optional
        One line about the file, which is signed too: what it is, and of which version.
    passphrase : str, bytes or callable, optional
        The passphrase of the private key, or a function that asks for it.
    progress : callable, optional
        Called repeatedly with the bytes read and the bytes in total.

    Returns
    -------
    FileSignature

    Raises
    ------
    InvalidArgumentError
        The file is not a checkpoint of this package with a seal, or the key is of another kind; the message says what
        to do.
    DataLossError
        The checkpoint is damaged, or another program has changed it. Nothing is signed.
    AlreadyExistsError
        Another file has the name of the signature.
    NotFoundError
        There is no such checkpoint or key.
    ImportError
        The library `cryptography` is not installed.
    OpError
        The operating system refuses.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    >>> key = Ed25519PrivateKey.generate()
    >>> hdfsaver.save_file({"w": np.ones(2)}, "model.h5")
    >>> hdfsaver.sign_file("model.h5", key, comment="the first release").signature
    'model.h5.sig'
    >>> hdfsaver.load_file("model.h5", key=key.public_key())
    {'w': array([1., 1.])}
    """
    private = key_files.private_key(key, passphrase)
    file = _file_of(as_prefix(path))
    target = file + ENDING if signature is None else as_prefix(signature)
    _check_target(target)
    fingerprint = key_files.fingerprint(private.public_key())
    with _sealed(file) as (opened, found):
        source = HashedSource(opened, found, file)
        digests = source.hashed(progress)
        table = Table(fingerprint, comment, opened.size, source.parts(), digests)
    signed = signature_table.pack(table)
    write_atomically(target, signature_table.with_signature(signed, private.sign(signed)))
    return _described(file, target, table)


def verify_signature(
    path: Source, key: Any, *, signature: Source | None = None, progress: Callback | None = None
) -> FileSignature:
    """Compare every byte of a checkpoint with its signature.

    To read values that are proved, give ``key`` to `load_file` or `open_file` instead: what they return was compared,
    also if the file is changed afterwards.

    Parameters
    ----------
    path : path, URL or binary file
        The file, or the prefix of a checkpoint; a folder stands for its latest one.
    key : path or Ed25519PublicKey
        The public key of the signer: a file in PEM or OpenSSH's format, or a key of the library `cryptography`.
    signature : path, URL or binary file, optional
        The signature; by default the file with ``.sig`` behind the name of the checkpoint.
    progress : callable, optional
        Called repeatedly with the bytes read and the bytes in total.

    Returns
    -------
    FileSignature

    Raises
    ------
    UnauthenticatedError
        The signature was not made with this key, or was changed.
    DataLossError
        The file differs from what was signed, or the signature is damaged; the message names the variables.
    InvalidArgumentError
        The key is of another kind, the signature is of a later version, or the file is not a checkpoint with a seal.
    NotFoundError
        There is no such checkpoint, signature or key.
    ImportError
        The library `cryptography` is not installed.

    Examples
    --------
    >>> import numpy as np
    >>> import hdfsaver
    >>> from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    >>> key = Ed25519PrivateKey.generate()
    >>> hdfsaver.save_file({"w": np.ones(2)}, "model.h5")
    >>> made = hdfsaver.sign_file("model.h5", key)
    >>> hdfsaver.verify_signature("model.h5", key.public_key()) == made
    True
    """
    file, found = open_with_signature(path, key, signature)
    with file:
        file.verify(progress=progress)
    return found


def open_signed(path: Source, key: Any, signature: Source | None = None, group: str = groups.ROOT) -> TensorFile:
    """Open a checkpoint of which nothing is given that was not compared with its signature.

    Parameters
    ----------
    path, key, signature
        See `verify_signature`.
    group : str
        The model to read, in a file that has several.

    Returns
    -------
    TensorFile

    Raises
    ------
    OpError, ImportError
        See `verify_signature`.
    """
    return open_with_signature(path, key, signature, group)[0]


def open_with_signature(
    path: Source, key: Any, signature: Source | None = None, group: str = groups.ROOT
) -> tuple[TensorFile, FileSignature]:
    """Open a checkpoint as `open_signed` does; gives its signature, too."""
    public = key_files.public_key(key)
    with sharing():
        file = _file_of(as_source(path))
        place = _place_of(file, signature)
        table = _checked(_content_of(place, file), place, public, key)
        with _sealed(file, keep=True) as (opened, found), seal.naming(file):
            source = SignedSource(opened, found, file, group, table, place)
            return TensorFile(file, source, group), _described(file, place, table)


def _described(path: str, signature: str, table: Table) -> FileSignature:
    return FileSignature(path, signature, table.key, table.comment, len(table.parts) - 2)


def _file_of(source: str) -> str:
    """The file of a checkpoint."""
    prefix = resolve(source)
    located = locate(prefix)
    if located is None:
        raise not_found(prefix)
    if located.kind != "hdf5":
        raise _not_sealed(located.path)
    return located.path


@contextmanager
def _sealed(path: str, *, keep: bool = False) -> Iterator[tuple[Opened, Seal]]:
    """Open a file that has a seal; with ``keep`` it stays open unless there is an error."""
    opened = open_hdf5(path)
    try:
        with about(path):
            with seal.naming(path):
                found = None if opened.base else seal.find(opened.head)
            if found is None:
                raise _not_sealed(path)
            yield opened, found
    except BaseException:
        end_reading(opened.fd)
        raise
    if not keep:
        end_reading(opened.fd)


def _not_sealed(path: str) -> InvalidArgumentError:
    return InvalidArgumentError(
        None,
        None,
        f"{path} is not a checkpoint of hdfsaver with a seal; the bytes of other files can be signed as a whole, for "
        "example by `ssh-keygen -Y sign`. `hdfsaver convert` makes a checkpoint of their arrays.",
    )


def _check_target(path: str) -> None:
    """Check that no other file than a signature is replaced."""
    if not is_there(path):
        return
    opened = open_any(path)
    end_reading(opened.fd)
    if opened.size and not opened.head.startswith(signature_table.TITLE.encode()):
        raise AlreadyExistsError(None, None, f"{path} is there and is not a signature; it is not replaced.")


def _place_of(file: str, signature: Source | None) -> str:
    if signature is not None:
        return as_source(signature)
    if isinstance(file, RemoteName) and not file.may_be_prefix:
        remedy = "the name of its signature cannot be made of it: give `signature`"
        raise InvalidArgumentError(None, None, f"{file} is a URL with a query or a file object, so {remedy}.")
    return file + ENDING


def _content_of(place: str, file: str) -> bytes:
    try:
        return read_regular(place, signature_table.LARGEST)
    except NotFoundError as error:
        if is_there(place):  # a folder
            raise
        remedy = (
            "Get it from the signer of the file; if it has another name, give that (`--signature FILE`). "
            "`hdfsaver sign` makes one with a private key."
        )
        raise NotFoundError(None, None, f"There is no signature {place}, so {file} is not proved. {remedy}") from error


def _checked(data: bytes, place: str, public: Any, key: Any) -> Table:
    """The table of a signature, which was made with the key."""
    signed, signature = signature_table.split(data, place)
    invalid: type[Exception] = library("cryptography.exceptions", "Signatures need", "sign").InvalidSignature
    fingerprint = key_files.fingerprint(public)
    named = f"{os.fsdecode(key)} ({fingerprint})" if isinstance(key, str | bytes | os.PathLike) else fingerprint
    try:
        public.verify(signature, signed)
    except invalid:
        claimed = signature_table.claimed_key(signed)
        if claimed == fingerprint:
            what = f"the signature does not belong to its table, or was not made with the key {named}"
        else:
            what = f"it was not made with the key {named}; it says that it was made with {claimed or 'none'}"
        remedy = "Do not use the checkpoint, unless you find the right key or the right signature."
        raise UnauthenticatedError(None, None, f"{place}: {what}. {remedy}") from None
    table = signature_table.parse(signed, place)
    if table.key != fingerprint:
        raise signature_table.damaged(place, "it names another key than the one that it was made with")
    return table
