"""The side-by-side harness behind `make compare`; `compare/README.md` says what it measures and how."""
