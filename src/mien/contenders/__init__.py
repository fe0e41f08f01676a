"""What takes part in ``mien bench``: handcrafted baselines, plain classifiers, model files."""
