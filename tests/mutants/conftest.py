"""Catalogues are data of the tests, not tests."""

collect_ignore_glob = ["[0-9]*"]
