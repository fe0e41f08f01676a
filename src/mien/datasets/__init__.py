"""Data sets as they lie on disk: the writers of their layouts (their readers will stand beside them)."""
