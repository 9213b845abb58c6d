"""The machine is held to `io`, `rootfs` and `sockets`: calls that leave it, and what is believed of
the answers."""

from __future__ import annotations

import pytest
from tests.refinement.holding import hold, run_of

from splitspec.impl.machine import PlatformKind
from splitspec.impl.refusal import LibraryRefusal
from splitspec.refinement.machine.io import io
from splitspec.refinement.machine.rootfs import BLOCKS, Readers, rootfs, want
from splitspec.refinement.machine.shipped import SHIPPED
from splitspec.refinement.machine.sockets import sockets

SNP, TDX = PlatformKind.SNP, PlatformKind.TDX
KINDS = pytest.mark.parametrize("kind", list(PlatformKind), ids=lambda kind: kind.value)
HOSTS = pytest.mark.parametrize("honest", [True, False], ids=["honest", "hostile"])


@KINDS
@HOSTS
def test_of_a_reply_nothing_is_believed_but_a_length_that_fits(
    kind: PlatformKind, honest: bool
) -> None:
    found = hold(io(kind, honest=honest))
    assert found.tried.refused["io.check.bounded"] > 0


@KINDS
@HOSTS
def test_a_function_reads_what_was_measured_there_or_nothing(
    kind: PlatformKind, honest: bool
) -> None:
    found = hold(rootfs(kind, honest=honest))
    assert "rootfs.deliver" in found.tried.performed


@KINDS
def test_a_record_is_taken_once_in_order_by_the_end_that_it_is_for(kind: PlatformKind) -> None:
    found = hold(sockets(kind))
    for guard in ("addressed", "incoming", "due"):
        assert found.tried.refused[f"sockets.receive.{guard}"] > 0


def test_a_key_that_is_used_up_encrypts_nothing_more() -> None:
    found = hold(sockets(SNP, containers=1, count=4))
    assert found.tried.refused["sockets.encrypt.left"] > 0


@pytest.mark.nightly
def test_two_connections_with_two_records_each_way() -> None:
    hold(SHIPPED["sockets-sev-wide"]())


def test_runs_of_two_containers_conform() -> None:
    run_of(io(TDX, honest=False, containers=2), calls=1500)
    run_of(sockets(TDX, count=4), calls=1500)


def test_a_page_that_the_host_never_wrote_is_copied_and_refused() -> None:
    """The mapping leaves `copy_in.there` out: the machine copies what is there."""
    readers = Readers(1, SNP)
    want(readers, 0, BLOCKS[0])
    instance = readers.instances[0]
    instance.gate.fetch()
    with pytest.raises(LibraryRefusal, match="path"):
        instance.process.files.verify()
