"""The web console: building it, and serving it on loopback."""

from scripts.console.server import PORT, ConsoleServer, serve

__all__ = ["PORT", "ConsoleServer", "serve"]
