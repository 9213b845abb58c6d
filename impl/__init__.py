"""A small confidential-container system that really runs.

Many containers live in one confidential VM; a microkernel isolates them, and an untrusted host
grants CPU time and memory. Frames are bytes, encrypted as the host sees them; page tables are
walked in them; ownership follows the page machine of SEV-SNP or TDX. It is written from the design
of split containers (CoFunc, USENIX Security 2025) with the published artifact's weaknesses closed.

`Machine(Geometry(...), PlatformKind.SNP)` is the whole system. Each public method below is one
atomic step: what happens between two hypercalls, faults or lock-protected kernel steps. A step
checks all its guards before its first write; a false one raises a `Refusal` that names it, and
nothing has changed. `checkpoint` and `rollback` take everything back; between equal checkpoints
nothing was written.

    machine.host.shadows     start allocate enter tick preempt publish kill reap_vcpu finish
    machine.host.backing     add_slot back_page assign_frame grant_page (the two in one)
                             convert_to_shared reclaim_page remove_slot; TDX: block_page
                             remove_page (reclaim_page in two)
    machine.host.work        request perform finish
    machine.host.cgroups     begin_period; counters in `groups`, who pays for a frame in `charged`
    machine.hostile          offer remap steal peek tamper enter interrupt kill; SNP: assign; TDX:
                             block track remove unblock
    machine.platform         SNP: rmpupdate nest accept rescind; TDX: offer block track remove
                             unblock accept rescind
    machine.processor        read write: accesses of the container on a vCPU; compute: what its
                             registers hold
    machine.clock            advance
    machine                  boot park_vcpus: only of one that is made with `is_booted=False`
    machine.kernel.lifecycle create load start stop exit retire
    machine.kernel.recycler  signal_threads end_threads free_capabilities dismantle_pool
    machine.kernel.faults    begin serve give_up fail
    machine.kernel.pools     admit accept (or validate, then complete or retract) scrub release
                             share unshare abandon
    machine.kernel.spaces    map_page map_shared unmap_page protect unprotect add_table remove_table
    machine.kernel.pins      pin load store unpin
    machine.kernel.pointers  register write withdraw
    machine.kernel.forks     prepare seal begin fork activate copy_on_write
    machine.kernel.channels  create grant open close revoke freeze shut destroy
    machine.kernel.threads   start_loop separate spawn bind unbind move dispatch switch put_off trap
                             wait wake expire finish park request
    machine.kernel.shootdown interrupt acknowledge settle
    machine.kernel.generators draw
    machine.kernel.notifications create signal take close

Containers, shadow containers, vCPUs, pages and frames are small numbers. `geometry.pool_pages` and
`geometry.pool_frames` are those that can be granted; a container and its shadow have one number.
What is mapped is read from the tables (`kernel.memory.entries`), what the host did from
`platform.nested`, `rmp` or `sept`, and what may be cached from `tlb.entries`.

`hardware`, `host` and `kernel` have one module a mechanism; `journal` holds the undo log, `refusal`
the exceptions, `geometry` the sizes.
"""
