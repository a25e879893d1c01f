"""Proofs of arithmetic lemmas by halmos, over the contracts' own library code."""
