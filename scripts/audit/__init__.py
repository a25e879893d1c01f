"""Static analysis and proofs: Slither, solhint and halmos, run the same way by everybody."""
