"""What worse cameras and harder takes cost in spotting and recognition: see ``docs/robustness.md``."""
