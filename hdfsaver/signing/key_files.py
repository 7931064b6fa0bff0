"""Ed25519 keys, private and public, in the files that OpenSSL and OpenSSH write."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Callable
from typing import Any, TypeAlias

from hdfsaver.errors import InvalidArgumentError, shown
from hdfsaver.files.extras import library
from hdfsaver.files.opening import read_regular

Passphrase: TypeAlias = str | bytes | Callable[[], str] | None
"""A passphrase, or a function that asks for it."""

_LARGEST = 1 << 16
"""Bytes of the largest file that is read as a key."""

_BEGIN = re.compile(rb"-----BEGIN ([A-Z0-9 ]+)-----")
_OPENSSH = re.compile(rb"(?:ssh|ecdsa|sk)-[a-z0-9@.-]+ ")

_OPENSSH_PRIVATE = "OPENSSH PRIVATE KEY"

_KINDS = ("rsa:RSA", "ec:EllipticCurve", "dsa:DSA", "ed448:Ed448", "x25519:X25519", "x448:X448", "dh:DH")
"""Other kinds of keys: the modules of `cryptography`, and how the names of their classes begin."""

_MAKING = "`openssl genpkey -algorithm ed25519 -out private.pem` makes one"


def private_key(key: Any, passphrase: Passphrase = None) -> Any:
    """A private key from its file.

    Parameters
    ----------
    key : path-like or Ed25519PrivateKey
        A file in PEM (PKCS #8) or OpenSSH's format, or a key of the library `cryptography`.
    passphrase : str, bytes or callable, optional
        For a file that is encrypted.

    Returns
    -------
    cryptography.hazmat.primitives.asymmetric.ed25519.Ed25519PrivateKey

    Raises
    ------
    InvalidArgumentError
        It is not such a key, or the passphrase is missing or wrong.
    NotFoundError
        There is no such file.
    ImportError
        The library `cryptography` is not installed.
    """
    if isinstance(key, _primitive("asymmetric.ed25519").Ed25519PrivateKey):
        return key
    path, data, form = _read(key)
    if form.endswith("PUBLIC KEY"):
        raise _refused(path, "is a public key", "To sign, give the private key that belongs to it.")
    found = _decrypted(path, data, form, passphrase)
    return _checked(path, found, "PrivateKey")


def public_key(key: Any) -> Any:
    """A public key from its file.

    Parameters
    ----------
    key : path-like or Ed25519PublicKey
        A file in PEM (SubjectPublicKeyInfo) or OpenSSH's format (``ssh-ed25519 AAAA...``), or a key of the library
        `cryptography`.

    Returns
    -------
    cryptography.hazmat.primitives.asymmetric.ed25519.Ed25519PublicKey

    Raises
    ------
    InvalidArgumentError, NotFoundError, ImportError
        See `private_key`.
    """
    if isinstance(key, _primitive("asymmetric.ed25519").Ed25519PublicKey):
        return key
    path, data, form = _read(key)
    if form.endswith("PRIVATE KEY"):
        making = f"openssl pkey -in {path} -pubout" if form != _OPENSSH_PRIVATE else f"ssh-keygen -y -f {path}"
        raise _refused(path, "is a private key", f"To verify, give its public key, which `{making}` prints.")
    load = "load_pem_public_key" if data.find(b"-----BEGIN ") >= 0 else "load_ssh_public_key"
    try:
        found = getattr(_primitive("serialization"), load)(data)
    except (ValueError, _unsupported()) as error:
        raise _refused(path, f"cannot be read as a public key ({error})", f"{_MAKING.capitalize()}.") from None
    return _checked(path, found, "PublicKey")


def fingerprint(public: Any) -> str:
    """The fingerprint of a public key, as ``ssh-keygen -l`` prints it: ``SHA256:...``."""
    serialization = _primitive("serialization")
    text = public.public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)
    digest = hashlib.sha256(base64.b64decode(text.split(b" ")[1])).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


def _primitive(name: str) -> Any:
    return library(f"cryptography.hazmat.primitives.{name}", "Signatures need", "sign")


def _unsupported() -> type[Exception]:
    found: type[Exception] = library("cryptography.exceptions", "Signatures need", "sign").UnsupportedAlgorithm
    return found


def _read(key: Any) -> tuple[str, bytes, str]:
    """The path of a key, its content, and what it says that it is: ``"OPENSSH PRIVATE KEY"``."""
    if not isinstance(key, str | bytes | os.PathLike):
        raise TypeError(f"A key must be a path or an Ed25519 key of the library cryptography, not {shown(key)}.")
    path = os.fsdecode(key)
    data = read_regular(path, _LARGEST)
    begin = _BEGIN.search(data)
    if begin is None and _OPENSSH.match(data):
        return path, data, "OPENSSH PUBLIC KEY"
    form = begin[1].decode() if begin else ""
    if form == "CERTIFICATE":
        making = f"`openssl x509 -in {path} -pubkey -noout`"
        raise _refused(path, "is a certificate", f"Its public key, which {making} prints, is what is needed.")
    if not form.endswith(("PRIVATE KEY", "PUBLIC KEY")):
        raise _refused(path, "is not a key in PEM or OpenSSH's format", f"An Ed25519 key is needed: {_MAKING}.")
    return path, data, form


def _decrypted(path: str, data: bytes, form: str, passphrase: Passphrase) -> Any:
    """A private key, for which the passphrase is used only if there must be one."""
    load = getattr(
        _primitive("serialization"), "load_ssh_private_key" if form == _OPENSSH_PRIVATE else "load_pem_private_key"
    )
    try:
        return load(data, None)
    except TypeError:  # what the library raises for a key that is encrypted
        pass
    except (ValueError, _unsupported()) as error:
        raise _refused(path, f"cannot be read as a private key ({error})", f"{_MAKING.capitalize()}.") from None
    if passphrase is None:
        raise _refused(path, "is encrypted", "Give its `passphrase`.")
    given = passphrase() if callable(passphrase) else passphrase
    try:
        return load(data, given.encode() if isinstance(given, str) else given)
    except (TypeError, ValueError):
        raise _refused(path, "cannot be decrypted", "The passphrase is wrong, or the file is damaged.") from None
    except _unsupported() as error:
        raise _refused(path, f"cannot be decrypted ({error})", "Encrypt it by another method.") from None


def _checked(path: str, found: Any, role: str) -> Any:
    """The key, if it is one of Ed25519."""
    if isinstance(found, getattr(_primitive("asymmetric.ed25519"), f"Ed25519{role}")):
        return found
    for text in _KINDS:
        module, _, name = text.partition(":")
        if isinstance(found, getattr(_primitive(f"asymmetric.{module}"), f"{name}{role}")):
            kind = {"EllipticCurve": "elliptic curve (ECDSA)"}.get(name, name)
            raise _refused(path, f"is a key of the kind {kind}", f"An Ed25519 key is needed: {_MAKING}.")
    raise _refused(path, "is a key of another kind", f"An Ed25519 key is needed: {_MAKING}.")


def _refused(path: str, what: str, remedy: str) -> InvalidArgumentError:
    return InvalidArgumentError(None, None, f"{path} {what}. {remedy}")
