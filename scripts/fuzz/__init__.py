"""Random sequences of what everybody may do to a whole domain, by forge: `make fuzz`, docs/fuzzing.md."""
