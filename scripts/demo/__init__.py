"""The demonstration: real contracts on a chain of its own, traders, a crash, liquidations, and what lenders have left."""
