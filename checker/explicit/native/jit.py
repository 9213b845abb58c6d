"""From LLVM IR text to machine code in this process, by way of an object that can be kept."""

from __future__ import annotations

import llvmlite.binding as llvm

OPTIMISATION = 2


def target_machine() -> llvm.TargetMachine:
    """Return the description of this processor."""
    llvm.initialize_native_target()
    llvm.initialize_native_asmprinter()
    features = llvm.get_host_cpu_features().flatten()
    return llvm.Target.from_default_triple().create_target_machine(
        cpu=llvm.get_host_cpu_name(), features=features, opt=OPTIMISATION, jit=True
    )


def compile_object(text: str, machine: llvm.TargetMachine) -> bytes:
    """Return the object code of a module.

    LLVM's own sequences of passes take five times as long for the runtime, and the search is no
    faster for it: loops run over the few words of a state or of a set, so that it does not pay to
    unroll or vectorise them.
    """
    module = llvm.parse_assembly(text)
    module.triple, module.data_layout = machine.triple, str(machine.target_data)
    builder = llvm.create_pass_builder(machine, llvm.create_pipeline_tuning_options())
    passes = llvm.create_new_module_pass_manager()
    passes.add_always_inliner_pass()
    passes.add_global_dead_code_eliminate_pass()
    passes.add_sroa_pass()
    passes.add_simplify_cfg_pass()
    passes.add_instruction_combine_pass()
    passes.add_reassociate_pass()
    passes.add_new_gvn_pass()
    passes.add_simplify_cfg_pass()
    passes.run(module, builder)
    content: bytes = machine.emit_object(module)
    return content


def load_object(content: bytes, machine: llvm.TargetMachine) -> llvm.ExecutionEngine:
    """Return an engine that owns the code of an object."""
    engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), machine)
    engine.add_object_file(llvm.ObjectFileRef.from_data(content))
    engine.finalize_object()
    return engine
