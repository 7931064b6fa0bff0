"""Keys: the files that OpenSSL and OpenSSH write, and what is said of others."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa, x25519

from hdfsaver import errors
from hdfsaver.signing.key_files import fingerprint, private_key, public_key

KEY = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
RAW = KEY.public_key().public_bytes_raw()
PRIVATE = {
    "pem": (s.Encoding.PEM, s.PrivateFormat.PKCS8),
    "openssh": (s.Encoding.PEM, s.PrivateFormat.OpenSSH),
}
PUBLIC = {
    "pem": (s.Encoding.PEM, s.PublicFormat.SubjectPublicKeyInfo),
    "openssh": (s.Encoding.OpenSSH, s.PublicFormat.OpenSSH),
}


def written(path, data):
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("form", list(PRIVATE))
def test_private_keys(tmp_path, form):
    """A private key is read from both formats; a passphrase that is not needed is not asked for."""
    path = written(tmp_path / "k", KEY.private_bytes(*PRIVATE[form], s.NoEncryption()))
    assert private_key(path, pytest.fail).public_key().public_bytes_raw() == RAW


@pytest.mark.parametrize("form", list(PRIVATE))
def test_encrypted_keys(tmp_path, form):
    """A passphrase is text, bytes or a function; without it, or with a wrong one, the error says so."""
    path = written(tmp_path / "k", KEY.private_bytes(*PRIVATE[form], s.BestAvailableEncryption(b"one two")))
    for given in ("one two", b"one two", lambda: "one two"):
        assert private_key(path, given).public_key().public_bytes_raw() == RAW
    with pytest.raises(errors.InvalidArgumentError, match=r"k is encrypted\. Give its `passphrase`"):
        private_key(path)
    for wrong in ("one", ""):
        with pytest.raises(errors.InvalidArgumentError, match=r"k cannot be decrypted\. The passphrase is wrong"):
            private_key(path, wrong)


@pytest.mark.parametrize("form", list(PUBLIC))
def test_public_keys(tmp_path, form):
    """A public key is read from both formats, text before it is ignored in PEM, and each has the same fingerprint."""
    data = KEY.public_key().public_bytes(*PUBLIC[form])
    path = written(tmp_path / "k", data + b" me@home\n" if form == "openssh" else b"a key\n" + data)
    assert public_key(str(path)).public_bytes_raw() == RAW
    assert fingerprint(public_key(path)) == fingerprint(KEY.public_key())


@pytest.mark.parametrize("form", list(PUBLIC))
def test_the_other_key_of_the_pair(tmp_path, form):
    """A private key is refused where a public one is needed, with the command that prints it, and the reverse."""
    path = written(tmp_path / "k", KEY.private_bytes(*PRIVATE[form], s.NoEncryption()))
    making = {"pem": "openssl pkey -in .*k -pubout", "openssh": "ssh-keygen -y -f .*k"}[form]
    with pytest.raises(errors.InvalidArgumentError, match=f"is a private key. To verify, .* `{making}` prints"):
        public_key(path)
    path = written(tmp_path / "p", KEY.public_key().public_bytes(*PUBLIC[form]))
    with pytest.raises(errors.InvalidArgumentError, match="p is a public key. To sign, give the private key"):
        private_key(path)


OTHERS: dict[str, Any] = {
    "RSA": lambda: rsa.generate_private_key(65537, 2048),
    "elliptic curve": lambda: ec.generate_private_key(ec.SECP256R1()),
    "Ed448": ed448.Ed448PrivateKey.generate,
    "X25519": x25519.X25519PrivateKey.generate,
}


@pytest.mark.parametrize("kind", list(OTHERS))
def test_keys_of_other_kinds(tmp_path, kind):
    """Each is refused by its kind, with the command that makes a key of the right one."""
    key = OTHERS[kind]()
    match = rf"k is a key of the kind {kind}.*An Ed25519 key is needed: `openssl genpkey -algorithm ed25519"
    path = written(tmp_path / "k", key.private_bytes(*PRIVATE["pem"], s.NoEncryption()))
    with pytest.raises(errors.InvalidArgumentError, match=match):
        private_key(path)
    path = written(tmp_path / "k", key.public_key().public_bytes(*PUBLIC["pem"]))
    with pytest.raises(errors.InvalidArgumentError, match=match):
        public_key(path)


BEGIN = b"-----BEGIN "


@pytest.mark.parametrize(
    ("content", "match"),
    [
        (b"", "is not a key in PEM or OpenSSH's format"),
        (b"\x89HDF", "is not a key in PEM or OpenSSH's format"),
        (BEGIN + b"CERTIFICATE-----\n", "is a certificate. Its public key, which `openssl x509"),
        (BEGIN + b"PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "cannot be read as a public key"),
        (b"ssh-ed25519 AAAA", "cannot be read as a public key"),
        (b"ssh-unknown AAAA", "cannot be read as a public key"),
        (b"a" * 70_000, "at most 65536 bytes"),
    ],
)
def test_what_is_no_key(tmp_path, content, match):
    """Files that are not keys are refused, by what they are as far as it is known."""
    with pytest.raises(errors.InvalidArgumentError, match=match):
        public_key(written(tmp_path / "k", content))


def test_damaged_private_keys(tmp_path):
    """A damaged private key is an error that names the file."""
    for name in (b"PRIVATE KEY", b"OPENSSH PRIVATE KEY", b"ENCRYPTED PRIVATE KEY"):
        path = written(tmp_path / "k", BEGIN + name + b"-----\nAAAA\n-----END " + name + b"-----\n")
        with pytest.raises(errors.InvalidArgumentError, match="k cannot be read as a private key"):
            private_key(path, "one")


def test_what_is_neither_a_path_nor_a_key(tmp_path):
    """The type is named; a file that does not exist is a `NotFoundError`."""
    for read in (private_key, public_key):
        with pytest.raises(TypeError, match="must be a path or an Ed25519 key of the library cryptography, not 5"):
            read(5)
        with pytest.raises(errors.NotFoundError, match="nothing"):
            read(tmp_path / "nothing")


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="OpenSSH is not installed")
def test_keys_of_ssh_keygen(tmp_path):
    """A pair that ssh-keygen makes is read, and has the fingerprint that it prints."""
    path = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", path], check=True)
    said = subprocess.run(["ssh-keygen", "-l", "-f", path], check=True, capture_output=True, text=True).stdout
    found = fingerprint(public_key(f"{path}.pub"))
    assert found == fingerprint(private_key(path).public_key())
    assert found == said.split(" ")[1]
