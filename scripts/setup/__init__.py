"""Set-up of a checkout: Python environment, npm packages, compiler, builds."""
