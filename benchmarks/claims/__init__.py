"""The lecture's claims, put to the test on synthetic data: see ``docs/claims.md``."""
