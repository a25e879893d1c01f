"""What every script shares: units, errors, access to a chain, and Uniswap v3 on it."""
