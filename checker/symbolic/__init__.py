"""Proof, bounded search and counterexamples to induction by solvers.

A system becomes terms (`term`), read by one of two algebras; queries about terms go to a solver.
No term of a solver's own leaves this folder.
"""
