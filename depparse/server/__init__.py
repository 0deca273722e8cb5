"""Raises ConfigError, with what to install, before anything of the server is imported without its libraries."""

from depparse.libraries import EXTRAS, library

for _package in EXTRAS["server"]:
    library(_package)
