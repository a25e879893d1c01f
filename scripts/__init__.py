"""Keel's Python toolchain: set-up, deployment, demonstration, measurements and the reference model."""
