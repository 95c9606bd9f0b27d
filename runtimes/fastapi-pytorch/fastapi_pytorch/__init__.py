"""An inference server for PyTorch models. README.md beside this package says how it is used."""
