"""The word-level language model of the public PyTorch example, on WikiText-2."""

MODULES = ("experiments.language_model.study",)
