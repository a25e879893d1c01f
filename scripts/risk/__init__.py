"""Numbers behind the risk parameters: smiles fitted to quotes and published, shocks and netting estimated from prices."""
