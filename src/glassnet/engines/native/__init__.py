"""The native engine, stage by stage: program, loop nests, their arrangement, LLVM, machine code."""
