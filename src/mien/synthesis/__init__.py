"""The studio: synthetic faces that move as micro-expressions do, with every displacement known."""
