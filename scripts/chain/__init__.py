"""The local chain of `make up` and `make down`."""
