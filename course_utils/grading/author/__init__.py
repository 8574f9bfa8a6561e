"""For those who write labs: rules, release, runs of solutions, tests of the tests."""
