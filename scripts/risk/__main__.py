"""`python -m scripts.risk`: fits and publishes smiles, estimates shocks and netting."""

from scripts.risk.commands import app

if __name__ == "__main__":
    app()
