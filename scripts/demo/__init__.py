"""The demonstration: real contracts, traders, a crash, liquidations, and what lenders have left."""
