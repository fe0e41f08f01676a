"""Training: settings, one loop, estimators in scikit-learn's manner, contenders for ``mien bench``, export.

torch is imported with the first network that is trained, not before.
"""
