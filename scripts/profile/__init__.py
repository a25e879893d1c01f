"""Where a transaction's gas goes: by contract, function and kind of work."""
