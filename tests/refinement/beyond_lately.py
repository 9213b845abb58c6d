"""Planned bugs, for what the machine learnt last, of which no mapping shows anything."""

from __future__ import annotations

from tests.refinement.beyond import Beyond

from splitspec.impl.kernel.address_space import AddressSpaces
from splitspec.impl.kernel.attestation import Attestation
from splitspec.impl.kernel.loading import Loading
from splitspec.impl.kernel.pins import Pins
from splitspec.impl.kernel.pointers import Pointers
from splitspec.impl.kernel.pools import Pools
from splitspec.impl.kernel.randomness import Generators
from splitspec.impl.kernel.shootdown import Shootdown
from splitspec.impl.kernel.threads import Threads
from splitspec.impl.kernel.timers import Timers

REFUSED = "test_refusals.py::test_a_false_guard_refuses_by_its_name_and_nothing_changes"
SEEDED = "test_found_by_seeding.py::"
CORES, CLONED = "test_shootdown.py::", "test_clone_threads.py::"

# A table, which reads best as one.
# fmt: off
BEYOND_LATELY = (
    Beyond("a page that the host took is taken again", Pools, "abandon",
        "self._state.pages[page] = Page(Use.LOST, references=record.references)",
        "del self._state.pages[page]",
        "M15: an address that was accepted is not accepted again",
        "no mapping writes a page off",
        test="test_lost_pages.py::"
        "test_pages_that_the_host_took_are_written_off_and_never_granted_again"),
    Beyond("a page that is still there is written off", Pools, "abandon",
        'guards.require("taken", not self._is_reachable(page), f"page {page} is still there")',
        "pass", "I31: after an exit no accepted page of the container is left",
        "no mapping writes a page off", test=REFUSED),
    # Measurement
    Beyond("a function is measured without what it was loaded on", Loading, "measure",
        "loaded(before, code.address, [page])", 'loaded(b"", code.address, [page])',
        "A05: not the function's digest alone is reported",
        "in no mapping a container has code before its function comes",
        test=SEEDED + "test_a_function_is_measured_on_top_of_what_was_loaded_before_it"),
    Beyond("a function that was measured may be written", Loading, "execute",
        "Entry(code.page, executable=True)", "Entry(code.page, writable=True, executable=True)",
        "A08: no code comes late: what is executable is not writable",
        "in no mapping a function writes to itself",
        test=SEEDED + "test_a_function_that_runs_is_never_written"),
    Beyond("evidence on a container before its function is measured", Attestation, "quote",
        'whole and function != b""', 'function != b""',
        "attestation: FnMeasure, and FnQuote after it",
        "in no mapping a container has code before its function comes", test=REFUSED),
    Beyond("measured code becomes writable", AddressSpaces, "unprotect",
        'guards.require("not_code", not entry.executable, "measured code stays as it is")', "pass",
        "I14: what is executed is what was measured",
        "no mapping asks to write code", test=REFUSED),
    # Threads and timers
    Beyond("a timer of a clone begins anew", Timers, "left",
        "else self._left(timer)", "else timer.ticks",
        "L5: a wait with a timeout ends in time, also after fork",
        "in the mapping no time goes by between a wait of a zygote and its snapshot",
        test=CLONED
        + "test_a_wait_of_the_zygotes_lasts_as_long_in_a_clone_however_late_that_begins"),
    Beyond("the kernel runs with a thread's registers", Threads, "trap",
        "self._processor.load(vcpu, None)",
        "self._processor.load(vcpu, None, 0, self._processor.vcpus[vcpu].registers)",
        "I24: registers that another one can see hold nothing of a container",
        "no mapping looks at the registers of a vCPU on which the kernel runs",
        test=CLONED + "test_a_thread_finds_no_registers_of_another_one"),
    Beyond("a thread is its own successor", Threads, "turn",
        "if thread > after", "if thread >= after",
        "L4: a runnable thread with a scheduled shadow runs in the end",
        "in the mapping the scheduler names any thread",
        test="test_kernel.py::test_threads_of_one_container_take_turns_on_its_vcpu"),
    Beyond("a generator draws the same for ever", Generators, "draw",
        "self._state.generators[container] = hashlib.blake2b(", "hashlib.blake2b(",
        "I22: no nonce is used for two plaintexts",
        "the mapping looks at seeds, not at what is drawn",
        test=CLONED + "test_clones_draw_what_neither_their_siblings_nor_their_zygote_do"),
    # Translations
    Beyond("all pages leave quarantine when one vCPU has flushed", Shootdown, "sweep",
        "if not self.lagging(container):", "if True:",
        "T01: a page is in quarantine until all have acknowledged",
        "mappings have all vCPUs flush before, or settle each page by a step of its own",
        test=CORES + "test_a_page_waits_for_every_vcpu_and_not_for_the_first"),
    Beyond("one address is flushed where more was missing", Shootdown, "_flush_here",
        "if seen == generation - 1:", "if True:",
        "shootdown: who lags compares generations, and flushes what it missed",
        "in the mapping who asks for a change has missed no other one",
        test=CORES + "test_one_invalidation_is_enough_only_where_nothing_else_was_missing"),
    Beyond("a page of a table is reused at once", AddressSpaces, "remove_table",
        "self._shootdown.retire(container, index * ENTRIES, page, vcpu)", "pass",
        "T05: freeing a page of a table needs the same quarantine",
        "the mapping of tables has no quarantine, and does not look at what is cached",
        test=SEEDED + "test_a_page_of_a_table_waits_for_who_may_still_walk_it"),
    # Pins and pointers
    Beyond("what is pinned to be read is written", Pins, "store",
        'guards.require("writing", use is Pin.WRITING, f"page {page} is pinned for reading")',
        "pass", "C03: writes into buffers of users take the path of the write fault",
        "mappings take pins and give them back, and no bytes come or go", test=REFUSED),
    Beyond("the kernel writes where the container may not", Pointers, "register",
        "private = entry.writable and", "private =",
        "W16: what the kernel writes past the page table, the container could write",
        "no mapping with pointers protects a page",
        test=SEEDED + "test_the_kernel_writes_nowhere_that_the_container_may_not"),
    Beyond("a page that the kernel writes is made read-only", AddressSpaces, "protect",
        "self._check_unaimed(guards, entry.page)", "pass",
        "W16: what the kernel writes past the page table, the container could write",
        "no mapping with pointers protects a page", test=REFUSED),
)
# fmt: on
