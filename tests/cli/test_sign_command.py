"""The command `sign`, and `verify` with a key, run as a user runs them."""

from __future__ import annotations

import getpass
import sys

import numpy as np
import pytest
from cryptography.hazmat.primitives import serialization as s
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from typer.testing import CliRunner

import hdfsaver as tf
from hdfsaver.cli import app

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with a checkpoint and keys, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HDFSAVER_PASSPHRASE", raising=False)
    tf.save_file({"w": np.full(3, 7, np.int8), "b": np.zeros(2)}, "m.h5")
    form, public = (s.Encoding.PEM, s.PrivateFormat.PKCS8), (s.Encoding.OpenSSH, s.PublicFormat.OpenSSH)
    (tmp_path / "private.pem").write_bytes(KEY.private_bytes(*form, s.NoEncryption()))
    (tmp_path / "locked.pem").write_bytes(KEY.private_bytes(*form, s.BestAvailableEncryption(b"one two")))
    (tmp_path / "key.pub").write_bytes(KEY.public_key().public_bytes(*public))
    return tmp_path


def run(*words, status=0, env=None):
    """The output of a command with this exit status."""
    done = CliRunner().invoke(app, words, env={"COLUMNS": "500", **(env or {})})
    assert (done.exit_code, done.output) == (status, done.output)
    return done.output


def test_sign_and_verify(folder):
    """A checkpoint is signed by its prefix; `verify` says by which key, and what the signer says."""
    said = run("sign", "m", "--key", "private.pem", "--comment", "release 1")
    assert said.startswith("m.h5 is signed, 2 variables: m.h5.sig, by the key SHA256:")
    said = run("verify", "m", "--key", "key.pub")
    assert "all digests match.\n" in said
    assert "\nm.h5.sig: all of it is what the key SHA256:" in said
    assert said.endswith(" has signed: release 1\n")
    assert "m.h5.sig is not checked; that needs the public key of its signer (--key)." in run("verify", "m")


def test_another_name(folder):
    """The signature can have another name; `--signature` alone is an error of usage."""
    run("sign", "m.h5", "--key", "private.pem", "-o", "other")
    assert "other: all of it" in run("verify", "m", "--key", "key.pub", "--signature", "other")
    assert "There is no signature m.h5.sig" in run("verify", "m", "--key", "key.pub", status=3)
    assert "--signature needs --key" in run("verify", "m", "--signature", "other", status=2)
    assert "--key" in run("sign", "m", status=2)


def test_what_differs(folder):
    """A change gives the status 1, and the name of the variable."""
    run("sign", "m", "--key", "private.pem")
    tf.save_file({"w": np.full(3, 8, np.int8), "b": np.zeros(2)}, "m.h5")
    run("verify", "m")
    assert "m.h5: '/variables/w' differs from what was signed" in run("verify", "m", "--key", "key.pub", status=1)
    assert "is a private key" in run("verify", "m", "--key", "private.pem", status=4)


def test_a_passphrase(folder, monkeypatch):
    """It comes from the environment, or a terminal is asked for it; the command line has no place for it."""
    said = run("sign", "m", "--key", "locked.pem", status=4)
    assert "locked.pem is encrypted, and there is no passphrase. Set HDFSAVER_PASSPHRASE, or use a terminal" in said
    assert "The passphrase is wrong" in run(
        "sign", "m", "--key", "locked.pem", status=4, env={"HDFSAVER_PASSPHRASE": "one"}
    )
    run("sign", "m", "--key", "locked.pem", env={"HDFSAVER_PASSPHRASE": "one two"})
    asked = []

    def answer(text, stream):
        asked.append(text)
        return "one two"

    monkeypatch.setattr(getpass, "getpass", answer)
    monkeypatch.setattr("hdfsaver.cli.sign_command.sys", Terminal)
    run("sign", "m", "--key", "locked.pem")
    assert asked == ["Passphrase of locked.pem: "]


class Terminal:
    """Like `sys`, on a terminal."""

    stderr = sys.stderr

    class stdin:  # noqa: D106, N801 - the name in `sys`
        @staticmethod
        def isatty():
            return True
